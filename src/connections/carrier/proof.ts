import type { Finding, VerificationOutcome } from '../../catalog/verification.ts'
import type { ConnectionState } from '../../store/schema/tables.ts'

/** What is known of credentials: what the carrier said when asked `at` a time, or that nobody could be asked. */
export type Proof =
  | (Finding & {
      asked: true
      at: Date
      /** The credentials versions that were asked about and are in force for it, where asking replaced a refresh token. */
      rotated?: { from: number; to: number }
    })
  | {
      asked: false
      outcome: 'unasked'
      because: string
      /** Only the sign-in at the carrier can prove them. */
      waits?: true
      /** The carrier can be asked, and values or a setting of the operator are missing for it. */
      lacks?: true
    }

/** Every state, as answers name it. */
export const STATES: readonly ConnectionState[] = [
  'verified',
  'unverified',
  'degraded',
  'needs_reauth',
  'action_required',
]

/** Whether the carrier itself has spoken against the credentials. */
export function refuses(outcome: Proof['outcome']): boolean {
  return outcome === 'invalid_credentials' || outcome === 'not_entitled'
}

/** The header that tells a program what became of a question to the carrier that ended in a refusal. */
export const outcomeHeader = (outcome: Proof['outcome']) => ({ 'hawser-outcome': outcome })

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

const DIAGNOSES: Record<VerificationOutcome, string | null> = {
  verified: null,
  invalid_credentials: 'The carrier does not accept the credentials.',
  not_entitled: 'The carrier accepts the credentials, and does not let this account use its API.',
  platform_misconfigured: 'The carrier does not accept the registration of this server’s operator.',
  rate_limited: 'The carrier asked to wait.',
  unavailable: 'The carrier could not be asked.',
  inconclusive: 'The carrier answered, and its answer says nothing about the credentials.',
}

/** What is known of a connection, in plain language; `null` where nothing is wrong. */
export function diagnose(outcome: string | null): string | null {
  return DIAGNOSES[outcome as VerificationOutcome] ?? null
}

/** What to do about a finding; `null` where nothing is. */
export function nextStep(outcome: string | null): string | null {
  return NEXT_STEPS[(outcome ?? 'unasked') as VerificationOutcome | 'unasked'] ?? null
}

/** The same of credentials that have not been stored, so that nobody asks about them again by himself. */
export function nextStepUnstored(proof: Proof): string | null {
  if (!proof.asked && proof.waits)
    return 'Store the credentials, and send the merchant to sign in at the carrier.'
  switch (proof.outcome) {
    case 'rate_limited':
    case 'unavailable':
      return 'Ask again later, or store the credentials unproved.'
    case 'inconclusive':
    case 'unasked':
      return 'Store the credentials unproved, and replace them if the carrier refuses them where they are used.'
    default:
      return nextStep(proof.outcome)
  }
}

/** The state of credentials that were just given: what was not proved is unverified. */
export function stateOf(proof: Proof): ConnectionState {
  return proof.outcome === 'verified' ? 'verified' : 'unverified'
}
