import type { Finding, VerificationOutcome } from '../catalog/verification.ts'
import type { ConnectionState } from '../store/schema.ts'

/** What is known of credentials: what the carrier said, or that nobody could be asked. */
export type Proof = (Finding & { asked: true }) | { asked: false; outcome: 'unasked'; because: string }

/** Whether the carrier itself has spoken against the credentials. */
export function refuses(outcome: Proof['outcome']): boolean {
  return outcome === 'invalid_credentials' || outcome === 'not_entitled'
}

const NEXT_STEPS: Record<VerificationOutcome | 'unasked', string | null> = {
  verified: null,
  invalid_credentials: 'Update the connection with credentials that the carrier accepts.',
  not_entitled: 'Ask the carrier to open its API for this account, then verify the connection again.',
  platform_misconfigured: 'The operator of this server has to check its own registration with the carrier.',
  rate_limited: 'Nothing to do: the carrier is asked again later.',
  unavailable: 'Nothing to do: the carrier is asked again later.',
  inconclusive: 'Use the connection, and update it if the carrier refuses it there.',
  unasked: 'Use the connection, and update it if the carrier refuses it there.',
}

/** What to do about a finding; `null` where nothing is. */
export function nextStep(outcome: string | null): string | null {
  return NEXT_STEPS[(outcome ?? 'unasked') as VerificationOutcome | 'unasked'] ?? null
}

/** The state of credentials that were just given: what was not proved is unverified. */
export function stateOf(proof: Proof): ConnectionState {
  return proof.outcome === 'verified' ? 'verified' : 'unverified'
}
