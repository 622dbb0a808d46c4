import { addressBlock } from './address-block.ts'
import { Tally } from './tally.ts'

const MINUTE_MS = 60_000
const MOST_ADDRESSES = 10_000

/** A failure limit counts failed authentications by address, in one process. */
export type FailureLimit = {
  /** Counts one more failure; returns the seconds to wait where a minute allows no more failures, and `undefined` otherwise. */
  note(address: string): number | undefined
}

/**
 * Makes a limit of `most` failures a minute for each address; without `most` there is no limit.
 * Only failures are stopped: a valid API key from the same address, which several clients behind a proxy share, always works.
 */
export function limitFailures(most: number | undefined, { now }: { now?: () => number } = {}): FailureLimit {
  if (most === undefined) return { note: () => undefined }
  const tally = new Tally({ spanMs: MINUTE_MS, mostNames: MOST_ADDRESSES, ...(now ? { now } : {}) })
  return {
    note: (address) => {
      const { count, msLeft } = tally.add(addressBlock(address))
      return count > most ? Math.max(1, Math.ceil(msLeft / 1_000)) : undefined
    },
  }
}
