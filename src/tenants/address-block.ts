import ipaddr from 'ipaddr.js'

const NETWORK_GROUPS = 4

/** Returns the block of addresses that one client can come from: the IPv4 address itself, or the /64 network of an IPv6 address. */
export function addressBlock(address: string): string {
  // A trusted proxy may forward anything; all texts that are not an address count as one client.
  if (!ipaddr.isValid(address)) return 'no address'
  const known = ipaddr.process(address)
  if (!(known instanceof ipaddr.IPv6)) return known.toString()
  const network = known.parts.slice(0, NETWORK_GROUPS).map((part) => part.toString(16))
  return `${network.join(':')}::/64`
}
