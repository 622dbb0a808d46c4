import { isIP } from 'node:net'
import { loopbackGuard, type Guard } from './addresses.ts'
import { Unreachable } from './unreachable.ts'

/** Where a call goes: read from its URL once, and used for everything after. */
export type Destination = Readonly<{
  /** The name in the URL: what the certificate has to be for. */
  name: string
  /** The name, and the port where it is not the usual one: the `Host` header. */
  host: string
  /** Scheme, host and port that the connection is made to. */
  origin: string
  path: string
  isOpen: Guard
}>

export type Rules = Readonly<{
  /** By host name, the origin that the operator sends its calls to. */
  overrides: ReadonlyMap<string, string>
  ports: readonly number[]
  /** Whether a call may go in clear, to any port, where the operator has said so. */
  inClear?: boolean
  isOpen: Guard
}>

/** Reads a URL; throws `Unreachable` unless it is https on an allowed port, names no user, and is no closed address. */
export function parseDestination(text: string, rules: Rules): Destination {
  const url = parseUrl(text)
  const { hostname: name, host } = url
  const path = url.pathname + url.search
  const origin = rules.overrides.get(name)
  if (origin !== undefined) return { name, host, path, ...overridden(url, new URL(origin), rules) }
  const port = Number(url.port || 443)
  const isClear = rules.inClear && url.protocol === 'http:'
  if (!isClear && (url.protocol !== 'https:' || !rules.ports.includes(port))) throw new Unreachable('blocked')
  requireOpen(url, rules.isOpen)
  return { name, host, path, origin: url.origin, isOpen: rules.isOpen }
}

function parseUrl(text: string): URL {
  // The parser would drop or turn these; a URL that needs it was not written by us.
  if (/[\u0000-\u0020\u007f\\]/.test(text) || !URL.canParse(text)) throw new Unreachable('blocked')
  const url = new URL(text)
  // With its last dot a name is another spelling of itself.
  if (url.username || url.password || url.hostname === '' || url.hostname.endsWith('.'))
    throw new Unreachable('blocked')
  return url
}

/** Only to the machine itself may a call go in clear; nothing that is not the machine answers for such an origin. */
function overridden(url: URL, target: URL, rules: Rules): Pick<Destination, 'origin' | 'isOpen'> {
  const isLocal = target.hostname === 'localhost' || loopbackGuard(addressIn(target))
  const schemes = isLocal ? ['https:', 'http:'] : ['https:']
  if (!schemes.includes(target.protocol) || !schemes.includes(url.protocol)) throw new Unreachable('blocked')
  const isOpen = isLocal ? loopbackGuard : rules.isOpen
  requireOpen(target, isOpen)
  return { origin: target.origin, isOpen }
}

/** Addresses are never looked up, so they are judged here. */
function requireOpen(url: URL, isOpen: Guard): void {
  const address = addressIn(url)
  if ((isIP(address) !== 0 || url.hostname.startsWith('[')) && !isOpen(address))
    throw new Unreachable('blocked')
}

function addressIn({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}
