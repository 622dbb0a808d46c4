import { randomInt } from 'node:crypto'
import { text } from '../catalog/fields.ts'

/** The published form of an id. */
export const ID = '^se(-[a-z0-9]+)+$'
export const LONGEST_ID = 25
/** The id of a connection: of a parcel carrier, or of an LTL carrier. */
const CARRIER_ID = `${ID}|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`
const LONGEST_CARRIER_ID = 36
/** The field for it. */
export const connectionField = text('Connection', {
  pattern: CARRIER_ID,
  maxLength: LONGEST_CARRIER_ID,
  examples: ['se-3eb7iqdmcr9q37lg'],
})

/** Whether texts have this form, and are no longer than that. */
export function fits(pattern: string, longest: number): (text: string) => boolean {
  const form = new RegExp(pattern)
  return (text) => text.length <= longest && form.test(text)
}

/** Whether a text can be the id of a label, a manifest or a warehouse. */
export const isId = fits(ID, LONGEST_ID)
/** Whether a text can be the id of a connection. */
export const isCarrierId = fits(CARRIER_ID, LONGEST_CARRIER_ID)

const TAIL_BITS = 35

/** New ids in ascending order: the time, so that what comes together lies together, and a random tail that counts up. */
export function newIds(at: Date, count: number): string[] {
  const tail = randomInt(2 ** TAIL_BITS - count)
  const start = (BigInt(at.getTime()) << BigInt(TAIL_BITS)) + BigInt(tail)
  return Array.from(
    { length: count },
    (_, index) => `se-${(start + BigInt(index)).toString(32).padStart(16, '0')}`,
  )
}
