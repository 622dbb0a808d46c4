import { readFileSync } from 'node:fs'

/** This file lists the ids of all carriers: the ids that a release has had, and the ids that no release has had yet. */
export const CARRIER_IDS = 'src/catalog/ids.json'

/** Reads the list of the ids of all carriers. */
export function readCarrierIds(): { released: string[]; unreleased: string[] } {
  return JSON.parse(readFileSync(CARRIER_IDS, 'utf8')) as { released: string[]; unreleased: string[] }
}
