import type { Carrier } from './define.ts'

/** The public `carrier_code`: the name of a parcel carrier, the first SCAC of an LTL line in small letters. */
export const carrierCodeOf = (carrier: Carrier): string =>
  carrier.mode === 'ltl' ? carrier.scacs[0].toLowerCase() : carrier.name

/** How answers that show both modes name a carrier: a parcel carrier by its name, an LTL line by the SCAC that it was connected under. */
export const connectedNameOf = (carrier: Carrier, scac: string | null): string =>
  carrier.mode === 'ltl' ? (scac ?? carrier.scacs[0]) : carrier.name
