/** Where a PostgreSQL database is, and who asks for it. */
export type Address = { host: string; user: string; database: string }

/** Reads host, user and database of an address, without its password. */
export function readAddress(url: string): Address {
  const { hostname, port, username, pathname, searchParams } = new URL(url)
  const host = searchParams.get('host') ?? (plain(hostname) || 'localhost')
  const user = searchParams.get('user') ?? plain(username)
  return {
    host: host.startsWith('/') ? host : `${host}:${searchParams.get('port') ?? (port || '5432')}`,
    user,
    database: plain(pathname.slice(1)) || user,
  }
}

const plain = (text: string) => decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'))

/** Names a PostgreSQL database for the operator, without the password. */
export function namePostgres(url: string): string {
  const { host, database } = readAddress(url)
  return `the PostgreSQL database "${database}" at ${host}`
}
