import { addressBlock } from './address-block.ts'
import { Tally } from './tally.ts'

const MINUTE_MS = 60_000
const MOST_ADDRESSES = 10_000

/** Counts failed authentications by address, in one process. */
export type FailureLimit = {
  /** Counts one more; answers the seconds to wait where that is more than a minute may have, `undefined` otherwise. */
  note(address: string): number | undefined
}

/**
 * Stops the failures of an address and nothing else: a valid key from the same address, as behind a proxy, is never held back by them.
 * Without `most` nothing is stopped.
 */
export function limitFailures(most: number | undefined, now?: () => number): FailureLimit {
  if (most === undefined) return { note: () => undefined }
  const tally = new Tally({ spanMs: MINUTE_MS, mostNames: MOST_ADDRESSES, ...(now ? { now } : {}) })
  return {
    note: (address) => {
      const { count, msLeft } = tally.add(addressBlock(address))
      return count > most ? Math.max(1, Math.ceil(msLeft / 1_000)) : undefined
    },
  }
}
