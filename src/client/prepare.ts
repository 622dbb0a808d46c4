/** A `Wanted` has the parts of a request from which its address, headers and body are made. */
export type Wanted = {
  baseUrl: string
  /** `path` is a path of the API, or a list of its parts, which `prepare` escapes. */
  path: Path
  query: Readonly<Record<string, string | number | boolean | undefined>>
  headers: Readonly<Record<string, string | undefined>>
  body?: unknown
}

export type Path = string | readonly string[]

/** A `Prepared` has the address, the headers and the body that `fetch` gets. */
export type Prepared = { url: string; headers: Record<string, string>; body?: string }

/**
 * Returns the address, the headers and the body of a request; sends nothing.
 * Throws a `TypeError` where one of them cannot be made as the caller means it; the message repeats no value.
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
  // The server may be reached below a path of its host.
  const below = base.pathname.replace(/\/+$/, '')
  // The origin stands in front, because a path that begins with two slashes would name another host otherwise.
  const url = new URL(base.origin + below + (typeof path === 'string' ? plain(path) : joined(path)))
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, `${value}`)
  return url.href
}

/** `TURNED` matches the parts `.` and `..`, also in percent encoding, which would lead a URL parser to another path. */
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
    // The error of `fetch` would repeat the value, which may be an API key.
    if (typeof value !== 'string' || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw new TypeError(`What is given for the header ${name} cannot stand in one.`)
  return Object.fromEntries(given)
}

function textOf(body: unknown): string {
  const text: unknown = JSON.stringify(body)
  if (typeof text !== 'string') throw new TypeError('The body is nothing that JSON can hold.')
  return text
}
