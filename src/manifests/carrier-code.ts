import { findCarrierById } from '../catalog/find-carrier.ts'

/** The public code of a carrier: its name, or the SCAC of an LTL line in small letters. */
export function carrierCodeOf(carrier: string): string {
  const found = findCarrierById(carrier)
  if (!found) throw new Error('A stored label names a carrier that the catalog does not have.')
  return found.mode === 'ltl' ? found.scacs[0].toLowerCase() : found.name
}
