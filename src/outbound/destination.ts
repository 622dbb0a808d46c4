import { isIP } from 'node:net'
import { loopbackGuard, type Guard } from './addresses.ts'
import { judgeName } from './names.ts'
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

/** What keeps a call from being made, whatever DNS says of its name. */
export type Obstacle = 'url' | 'user' | 'dot' | 'name' | 'scheme' | 'port' | 'address'

/** Reads a URL; throws `Unreachable` unless it is https on an allowed port, names no user, and is no closed address. */
export function parseDestination(text: string, rules: Rules): Destination {
  const judged = judgeDestination(text, rules)
  if (typeof judged === 'string') throw new Unreachable('blocked')
  return judged
}

/** Tells where a call to this URL goes, or the first thing that keeps it from being made. */
export function judgeDestination(text: string, rules: Rules): Destination | Obstacle {
  // The parser would drop or turn these; a URL that needs it was not written by us.
  if (/[\u0000-\u0020\u007f\\]/.test(text) || !URL.canParse(text)) return 'url'
  const url = new URL(text)
  const { hostname: name, host, protocol } = url
  const isClear = rules.inClear && protocol === 'http:'
  if (!isClear && !['https:', 'http:'].includes(protocol)) return 'scheme'
  if (name === '') return 'url'
  if (url.username || url.password) return 'user'
  // With its last dot a name is another spelling of itself.
  if (name.endsWith('.')) return 'dot'
  const path = url.pathname + url.search
  const origin = rules.overrides.get(name)
  if (origin !== undefined) {
    const to = overridden(url, new URL(origin), rules)
    return typeof to === 'string' ? to : { name, host, path, ...to }
  }
  if (!isClear && protocol !== 'https:') return 'scheme'
  if (!isClear && !rules.ports.includes(Number(url.port || 443))) return 'port'
  const obstacle = isAddress(url) ? isShut(url, rules.isOpen) && 'address' : judgeName(name, rules.isOpen)
  return obstacle || { name, host, path, origin: url.origin, isOpen: rules.isOpen }
}

/** Only to the machine itself may a call go in clear; nothing that is not the machine answers for such an origin. */
function overridden(url: URL, target: URL, rules: Rules): Pick<Destination, 'origin' | 'isOpen'> | Obstacle {
  const isLocal = target.hostname === 'localhost' || loopbackGuard(addressIn(target))
  const schemes = isLocal ? ['https:', 'http:'] : ['https:']
  if (!schemes.includes(target.protocol) || !schemes.includes(url.protocol)) return 'scheme'
  const isOpen = isLocal ? loopbackGuard : rules.isOpen
  return isShut(target, isOpen) ? 'address' : { origin: target.origin, isOpen }
}

/** Addresses are never looked up, so they are judged here. */
function isShut(url: URL, isOpen: Guard): boolean {
  return isAddress(url) && !isOpen(addressIn(url))
}

const isAddress = (url: URL) => isIP(addressIn(url)) !== 0 || url.hostname.startsWith('[')

function addressIn({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}
