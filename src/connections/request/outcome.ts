import type { Proof } from '../carrier/proof.ts'
import type { Notice } from './notices.ts'

/** What became of a connection: its id, its version, and what the caller should know. */
export type Outcome = {
  carrierId: string
  version: number
  notices: Notice[]
  /** Where the merchant has to be sent to sign in, of a connection that waits for it. */
  location?: string
}

/** What a request that stores nothing answers: what the carrier said. */
export type DryRun = { proof: Proof; notices: Notice[] }
