import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Whether a connection to an address is allowed; it takes the address itself, never a name. */
export type Guard = (address: string) => boolean

type Range = ReturnType<typeof ipaddr.parseCIDR>

/** What a list of unicast addresses would let through, or may come to: each is reserved, internal, or leads to an IPv4 address inside. */
const CLOSED = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32', // the host of an Azure machine
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '64:ff9b::/96', // NAT64
  '64:ff9b:1::/48',
  '2001::/23', // Teredo, benchmarking, ORCHID and other protocols
  '2001:db8::/32',
  '2002::/16', // 6to4
  '2620:4f:8000::/48',
  '3fff::/20',
].map((range) => ipaddr.parseCIDR(range))

/** The only part of IPv6 that is handed out; everything else is special, also what is invented tomorrow. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3')

const LOOPBACK = ['127.0.0.0/8', '::1/128'].map((range) => ipaddr.parseCIDR(range))

/** A guard that opens public addresses and the operator's ranges, and refuses everything it cannot read. */
export function guardFor(allow: readonly string[]): Guard {
  const open = allow.map(parseRange)
  return (text) => {
    const address = parseAddress(text)
    return address !== undefined && (isIn(address, open) || isPublic(address))
  }
}

/** Opens addresses of the machine itself, and no other. */
export const loopbackGuard: Guard = (text) => {
  const address = parseAddress(text)
  return address !== undefined && isIn(address, LOOPBACK)
}

type Address = Range[0]

function parseAddress(text: string): Address | undefined {
  // A zone names an interface of this machine: nothing public has one.
  if (isIP(text) === 0 || text.includes('%')) return undefined
  return ipaddr.process(inHex(text))
}

/** In dotted spelling, `::1.2.3.4` would be taken for `::ffff:1.2.3.4`. */
const inHex = (text: string) =>
  text.includes(':') ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text

function parseRange(text: string): Range {
  const [address = '', bits] = text.split('/')
  const base = ipaddr.parse(inHex(address))
  return [base, Number(bits ?? (base.kind() === 'ipv4' ? 32 : 128))]
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast' || isIn(address, CLOSED)) return false
  return address.kind() === 'ipv4' || isIn(address, [GLOBAL_IPV6])
}

function isIn(address: Address, ranges: readonly Range[]): boolean {
  return ranges.some((range) => range[0].kind() === address.kind() && address.match(range))
}
