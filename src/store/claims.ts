/** No claim is made for longer than `LONGEST_MS`: a claim that ends later was written by a clock that was wrong. */
const LONGEST_MS = 10 * 60_000

/** Returns the latest time at which a claim that holds at `at` can end. */
export const longestClaim = (at: string): string => new Date(Date.parse(at) + LONGEST_MS).toISOString()

/** Says whether a claim that ends at `until` holds at `at`; a claim that a fast clock wrote does not hold. */
export const isHeld = (until: string | null | undefined, at: string): boolean =>
  until !== null && until !== undefined && until > at && until <= longestClaim(at)
