import { randomBytes, randomInt } from 'node:crypto'

/** An id has this published form; the id of an LTL connection is a UUID instead. */
export const ID = '^se(-[a-z0-9]+)+$'
export const LONGEST_ID = 25
const LTL_ID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
/** The id of a connection has one of two forms: that of a parcel carrier, or that of an LTL carrier. */
export const CARRIER_ID = `${ID}|${LTL_ID}`
export const LONGEST_CARRIER_ID = 36

/** Returns a function that says whether a text has this form and is not too long. */
export function matchesForm(pattern: string, longest: number): (text: string) => boolean {
  const form = new RegExp(pattern)
  return (text) => text.length <= longest && form.test(text)
}

/** Returns whether a text can be the id of a parcel connection, a label, a manifest, a webhook or an account. */
export const isId = matchesForm(ID, LONGEST_ID)
/** Returns whether a text can be the id of an LTL connection. */
export const isLtlId = matchesForm(LTL_ID, LONGEST_CARRIER_ID)
/** Returns whether a text can be the id of a connection. */
export const isCarrierId = matchesForm(CARRIER_ID, LONGEST_CARRIER_ID)

const ID_BYTES = 10
const TAIL_BITS = 35

/** Returns a new id that is never used again: `se-` and 80 random bits in base-32 hex, which match the published pattern. */
export function newId(): string {
  return toId(BigInt(`0x${randomBytes(ID_BYTES).toString('hex')}`))
}

/** Returns new ids in ascending order: each has the time, so that the rows of one request lie together, and a random tail that counts up. */
export function newIds(at: Date, count: number): string[] {
  const tail = randomInt(2 ** TAIL_BITS - count)
  const start = (BigInt(at.getTime()) << BigInt(TAIL_BITS)) + BigInt(tail)
  return Array.from({ length: count }, (_, index) => toId(start + BigInt(index)))
}

const toId = (bits: bigint) => `se-${bits.toString(32).padStart(16, '0')}`
