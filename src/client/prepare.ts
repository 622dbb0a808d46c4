/** What a request is made of, before anything of it is sent. */
export type Wanted = {
  baseUrl: string
  /** A path of the API, or its parts, which are escaped here. */
  path: Path
  query: Readonly<Record<string, string | number | boolean | undefined>>
  headers: Readonly<Record<string, string | undefined>>
  body?: unknown
}

export type Path = string | readonly string[]

/** What `fetch` is handed. */
export type Prepared = { url: string; headers: Record<string, string>; body?: string }

/**
 * Makes the address, the headers and the body of a request; throws a `TypeError` where they cannot be made as they are meant,
 * in which no value is repeated. Nothing is sent.
 */
export function prepare({ baseUrl, path, query, headers, body }: Wanted): Prepared {
  return {
    url: addressOf(baseUrl, path, query),
    headers: headersOf(headers),
    ...(body === undefined ? {} : { body: textOf(body) }),
  }
}

function addressOf(baseUrl: string, path: Path, query: Wanted['query']): string {
  const base = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  if (!base || !/^https?:$/.test(base.protocol))
    throw new TypeError('baseUrl must be an http or https address.')
  if (base.username || base.password)
    throw new TypeError('baseUrl must not hold a user name or a password; the key goes into apiKey.')
  if (base.search || base.hash) throw new TypeError('baseUrl must have no query and no fragment.')
  // A server may stand below a path of its host.
  const below = base.pathname.replace(/\/+$/, '')
  // Beside the origin a path that begins with two slashes would be another host.
  const url = new URL(base.origin + below + (typeof path === 'string' ? plain(path) : joined(path)))
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, `${value}`)
  return url.href
}

/** Parts of which a parser would make another path than was meant. */
const TURNED = /^(?:\.|%2e){1,2}$/i

function joined(parts: readonly string[]): string {
  const escaped = parts.map((part: unknown) => {
    if (typeof part !== 'string' || part === '' || TURNED.test(part))
      throw new TypeError('An id or a carrier in the path must be a text, and neither empty nor dots.')
    if (!part.isWellFormed()) throw new TypeError('An id or a carrier in the path is no Unicode text.')
    return encodeURIComponent(part)
  })
  return `/${escaped.join('/')}`
}

function plain(path: string): string {
  const [before = ''] = path.split('?')
  const parts = before.split('/').slice(1)
  const isPath = before.startsWith('/') && !/[\u0000-\u0020\u007f\\#]/.test(path)
  if (isPath && (before === '/' || parts.every((part) => part !== '' && !TURNED.test(part)))) return path
  throw new TypeError(
    'The path must begin with one slash, and have no empty part, no part of dots, no space and no fragment.',
  )
}

function headersOf(headers: Wanted['headers']): Record<string, string> {
  const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined)
  for (const [name, value] of given)
    // The sentence that `fetch` has for it repeats the value, and with it a key.
    if (typeof value !== 'string' || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw new TypeError(`What is given for the header ${name} cannot stand in one.`)
  return Object.fromEntries(given)
}

function textOf(body: unknown): string {
  const text: unknown = JSON.stringify(body)
  if (typeof text !== 'string') throw new TypeError('The body is nothing that JSON can hold.')
  return text
}
