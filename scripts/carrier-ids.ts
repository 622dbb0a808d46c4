import { readFileSync } from 'node:fs'

/** The file that lists the ids of all carriers: those that a release has had, and those that none has had yet. */
export const CARRIER_IDS = 'src/catalog/ids.json'

/** Reads the list of the ids of all carriers. */
export function readCarrierIds(): { released: string[]; unreleased: string[] } {
  return JSON.parse(readFileSync(CARRIER_IDS, 'utf8')) as { released: string[]; unreleased: string[] }
}
