import { text } from '../catalog/fields.ts'
import { CARRIER_ID, LONGEST_CARRIER_ID } from '../ids.ts'

/** This field takes the id of a connection. */
export const connectionField = text('Connection', {
  pattern: CARRIER_ID,
  maxLength: LONGEST_CARRIER_ID,
  examples: ['se-3eb7iqdmcr9q37lg'],
})
