import type { Carrier } from './define.ts'

/** Returns the public `carrier_code`: the name of a parcel carrier, or the first SCAC of an LTL carrier in small letters. */
export const carrierCodeOf = (carrier: Carrier): string =>
  carrier.mode === 'ltl' ? carrier.scacs[0].toLowerCase() : carrier.name

/** Returns the name of a carrier in answers that show both modes: the name of a parcel carrier, or the SCAC that an LTL carrier was connected under. */
export const connectedNameOf = (carrier: Carrier, scac: string | null): string =>
  carrier.mode === 'ltl' ? (scac ?? carrier.scacs[0]) : carrier.name
