import { randomInt } from 'node:crypto'
import { text } from '../catalog/fields.ts'

/** An id has this published form. */
export const ID = '^se(-[a-z0-9]+)+$'
export const LONGEST_ID = 25
/** The id of a connection has one of two forms: that of a parcel carrier, or that of an LTL carrier. */
const CARRIER_ID = `${ID}|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`
const LONGEST_CARRIER_ID = 36
/** This field takes the id of a connection. */
export const connectionField = text('Connection', {
  pattern: CARRIER_ID,
  maxLength: LONGEST_CARRIER_ID,
  examples: ['se-3eb7iqdmcr9q37lg'],
})

/** Returns a function that says whether a text has this form and is not too long. */
export function matchesForm(pattern: string, longest: number): (text: string) => boolean {
  const form = new RegExp(pattern)
  return (text) => text.length <= longest && form.test(text)
}

/** Returns whether a text can be the id of a label, a manifest or a warehouse. */
export const isId = matchesForm(ID, LONGEST_ID)
/** Returns whether a text can be the id of a connection. */
export const isCarrierId = matchesForm(CARRIER_ID, LONGEST_CARRIER_ID)

const TAIL_BITS = 35

/** Returns new ids in ascending order: each has the time, so that the rows of one request lie together, and a random tail that counts up. */
export function newIds(at: Date, count: number): string[] {
  const tail = randomInt(2 ** TAIL_BITS - count)
  const start = (BigInt(at.getTime()) << BigInt(TAIL_BITS)) + BigInt(tail)
  return Array.from(
    { length: count },
    (_, index) => `se-${(start + BigInt(index)).toString(32).padStart(16, '0')}`,
  )
}
