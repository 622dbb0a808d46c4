import { isIP } from 'node:net'
import { loopbackGuard, type AddressGuard } from './addresses.ts'
import { findNameObstacle } from './names.ts'
import { Unreachable } from './unreachable.ts'

/** A destination says where a call goes; it is read from the call's URL once and used for every later step. */
export type Destination = Readonly<{
  /** `name` is the host name in the URL, which the certificate has to be for. */
  name: string
  /** `host` is the `Host` header: the name, and the port where the port is not the usual one. */
  host: string
  /** `origin` is the scheme, host and port that the connection is made to. */
  origin: string
  path: string
  isOpen: AddressGuard
}>

/** Rules say which destinations are allowed. */
export type DestinationRules = Readonly<{
  /** `overrides` gives by host name the origin that the operator sends the host's calls to. */
  overrides: ReadonlyMap<string, string>
  ports: readonly number[]
  /** `inClear` allows calls without TLS, to any port, where the operator has set this. */
  inClear?: boolean
  isOpen: AddressGuard
}>

/** An obstacle names the part of a URL that forbids a call, whatever DNS says about the host name. */
export type Obstacle = 'url' | 'user' | 'dot' | 'name' | 'scheme' | 'port' | 'address'

/** Reads the destination from a URL; throws `Unreachable` with `blocked` where the rules forbid the URL. */
export function parseDestination(text: string, rules: DestinationRules): Destination {
  const resolved = resolveDestination(text, rules)
  if (typeof resolved === 'string') throw new Unreachable('blocked')
  return resolved
}

/** Returns the destination of a call to this URL, or the first obstacle: a URL has to be https on an allowed port, must not name a user, and must not lead to a closed address. */
export function resolveDestination(text: string, rules: DestinationRules): Destination | Obstacle {
  // The URL parser would remove or replace these characters, and Hawser never writes a URL with them.
  if (/[\u0000-\u0020\u007f\\]/.test(text) || !URL.canParse(text)) return 'url'
  const url = new URL(text)
  const { hostname: name, host, protocol } = url
  const isClear = rules.inClear && protocol === 'http:'
  if (!isClear && !['https:', 'http:'].includes(protocol)) return 'scheme'
  if (name === '') return 'url'
  if (url.username || url.password) return 'user'
  // A dot at the end would be a second spelling of the same name.
  if (name.endsWith('.')) return 'dot'
  const path = url.pathname + url.search
  const origin = rules.overrides.get(name)
  if (origin !== undefined) {
    const to = overridden(url, new URL(origin), rules)
    return typeof to === 'string' ? to : { name, host, path, ...to }
  }
  if (!isClear && protocol !== 'https:') return 'scheme'
  if (!isClear && !rules.ports.includes(Number(url.port || 443))) return 'port'
  const obstacle = isAddress(url)
    ? isShut(url, rules.isOpen) && 'address'
    : findNameObstacle(name, rules.isOpen)
  return obstacle || { name, host, path, origin: url.origin, isOpen: rules.isOpen }
}

/** Returns where an overridden call goes, or the obstacle. Only an origin on the machine itself may be without TLS, and then only addresses of the machine itself are allowed. */
function overridden(
  url: URL,
  target: URL,
  rules: DestinationRules,
): Pick<Destination, 'origin' | 'isOpen'> | Obstacle {
  const isLocal = target.hostname === 'localhost' || loopbackGuard(addressIn(target))
  const schemes = isLocal ? ['https:', 'http:'] : ['https:']
  if (!schemes.includes(target.protocol) || !schemes.includes(url.protocol)) return 'scheme'
  const isOpen = isLocal ? loopbackGuard : rules.isOpen
  return isShut(target, isOpen) ? 'address' : { origin: target.origin, isOpen }
}

/** Says whether a URL has a closed address as its host; the lookup would not check it, because addresses are never looked up. */
function isShut(url: URL, isOpen: AddressGuard): boolean {
  return isAddress(url) && !isOpen(addressIn(url))
}

const isAddress = (url: URL) => isIP(addressIn(url)) !== 0 || url.hostname.startsWith('[')

function addressIn({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}
