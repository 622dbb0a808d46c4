/** An address names the host and the database of a PostgreSQL server, and the user who logs in. */
export type DatabaseAddress = { host: string; user: string; database: string }

/** Reads the host, the user and the database from the URL `url`, without the password. */
export function readAddress(url: string): DatabaseAddress {
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

/** Returns words that name a PostgreSQL database to the operator, without the password. */
export function namePostgres(url: string): string {
  const { host, database } = readAddress(url)
  return `the PostgreSQL database "${database}" at ${host}`
}
