/** No claim is made for so long: what says that it holds longer was written by a clock that was wrong. */
const LONGEST_MS = 10 * 60_000

/** The end of the longest claim that can hold at `at`. */
export const longestClaim = (at: string): string => new Date(Date.parse(at) + LONGEST_MS).toISOString()

/** Whether a claim until `until` holds at `at`; one from a clock that ran ahead holds nobody up. */
export const isHeld = (until: string | null | undefined, at: string): boolean =>
  until !== null && until !== undefined && until > at && until <= longestClaim(at)
