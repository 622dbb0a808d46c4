import type { VerificationResult } from '../carrier/verification-result.ts'
import type { Notice } from './notices.ts'

/** Describes a changed connection: its id, its version, and what the caller should know. */
export type Outcome = {
  carrierId: string
  version: number
  notices: Notice[]
  /** `location` is the address where the merchant has to sign in, for a connection that waits for that. */
  location?: string
}

/** Describes the answer to a request that stores nothing: the outcome, and what the caller should know. */
export type DryRun = { verification: VerificationResult; notices: Notice[] }
