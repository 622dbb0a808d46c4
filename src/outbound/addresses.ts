import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** A guard says whether a connection to an address is allowed; it takes the address itself and never a name. */
export type AddressGuard = (address: string) => boolean

type Range = ReturnType<typeof ipaddr.parseCIDR>

/** `CLOSED` lists ranges that count, or may one day count, as unicast although they are reserved, internal, or lead to an IPv4 address within. */
const CLOSED = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32', // This address leads to the host of an Azure machine.
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
  '64:ff9b::/96', // NAT64 uses this range.
  '64:ff9b:1::/48',
  '2001::/23', // Teredo, benchmarking, ORCHID and other protocols use this range.
  '2001:db8::/32',
  '2002::/16', // 6to4 uses this range.
  '2620:4f:8000::/48',
  '3fff::/20',
].map((range) => ipaddr.parseCIDR(range))

/** `GLOBAL_IPV6` is the only part of IPv6 with public addresses; every other part is special, including parts that are defined later. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3')

const LOOPBACK = ['127.0.0.0/8', '::1/128'].map((range) => ipaddr.parseCIDR(range))

/** Makes a guard that allows public addresses and the operator's ranges `allow`, and refuses any text that it cannot read. */
export function createGuard(allow: readonly string[]): AddressGuard {
  const open = allow.map(parseRange)
  return (text) => {
    const address = parseAddress(text)
    return address !== undefined && (isIn(address, open) || isPublic(address))
  }
}

/** `loopbackGuard` allows only addresses of the machine itself. */
export const loopbackGuard: AddressGuard = (text) => {
  const address = parseAddress(text)
  return address !== undefined && isIn(address, LOOPBACK)
}

type Address = Range[0]

function parseAddress(text: string): Address | undefined {
  // A zone names a network interface of this machine, and no public address has one.
  if (isIP(text) === 0 || text.includes('%')) return undefined
  return ipaddr.process(inHex(text))
}

/** Writes an IPv6 address without dots, because the parser would take `::1.2.3.4` for `::ffff:1.2.3.4`. */
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
