import { randomBytes } from 'node:crypto'

/** Returns a new id that is never used again: `se-` and 80 random bits in base-32 hex, which match the published pattern. */
export function newId(): string {
  const bits = BigInt(`0x${randomBytes(10).toString('hex')}`)
  return `se-${bits.toString(32).padStart(16, '0')}`
}
