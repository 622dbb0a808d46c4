import ipaddr from 'ipaddr.js'

const NETWORK_GROUPS = 4

/** The addresses that one client can come from: an IPv4 address, or the /64 of an IPv6 one, of which a client has all. */
export function addressBlock(address: string): string {
  // A trusted proxy may forward anything; what is no address is one client.
  if (!ipaddr.isValid(address)) return 'no address'
  const known = ipaddr.process(address)
  if (!(known instanceof ipaddr.IPv6)) return known.toString()
  const network = known.parts.slice(0, NETWORK_GROUPS).map((part) => part.toString(16))
  return `${network.join(':')}::/64`
}
