import type { CarrierAnswer, VerificationOutcome } from '../../catalog/verification.ts'
import type { ConnectionState } from '../../store/schema/tables.ts'

/** Describes the outcome for credentials: what the carrier answered when it was asked at the time `at`, or why nobody could be asked. */
export type VerificationResult =
  | (CarrierAnswer & {
      asked: true
      at: Date
      /** `rotated` is set where the carrier was asked with the merchant’s sign-in: `from` is the credentials version that was asked about, and `to` the version in force afterwards, which is a later one where the carrier replaced the refresh token. */
      rotated?: { from: number; to: number }
    })
  | {
      asked: false
      outcome: 'unasked'
      because: string
      /** `waits` means that only the sign-in at the carrier can verify the credentials. */
      waits?: true
      /** `lacks` means that the carrier can be asked, but values or a setting of the operator are missing for that. */
      lacks?: true
    }

/** Lists every state of a connection, as answers name it. */
export const STATES: readonly ConnectionState[] = [
  'verified',
  'unverified',
  'degraded',
  'needs_reauth',
  'action_required',
]

/** Returns whether an outcome means that the carrier itself refused the credentials. */
export function refuses(outcome: VerificationResult['outcome']): boolean {
  return outcome === 'invalid_credentials' || outcome === 'not_entitled'
}

/** Returns the header that gives a program the outcome of asking the carrier, when the request ended in a refusal. */
export const outcomeHeader = (outcome: VerificationResult['outcome']) => ({ 'hawser-outcome': outcome })

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

/** Returns in plain language what an outcome says about a connection; `null` where nothing is wrong. */
export function diagnose(outcome: string | null): string | null {
  return DIAGNOSES[outcome as VerificationOutcome] ?? null
}

/** Returns what to do about an outcome; `null` where there is nothing to do. */
export function nextStep(outcome: string | null): string | null {
  return NEXT_STEPS[(outcome ?? 'unasked') as VerificationOutcome | 'unasked'] ?? null
}

/** Returns what to do about the outcome of credentials that are not stored. No later check asks about such credentials. */
export function nextStepUnstored(verification: VerificationResult): string | null {
  if (!verification.asked && verification.waits)
    return 'Store the credentials, and send the merchant to sign in at the carrier.'
  switch (verification.outcome) {
    case 'rate_limited':
    case 'unavailable':
      return 'Ask again later, or store the credentials unproved.'
    case 'inconclusive':
    case 'unasked':
      return 'Store the credentials unproved, and replace them if the carrier refuses them where they are used.'
    default:
      return nextStep(verification.outcome)
  }
}

/** Returns the state of credentials that were just given: `unverified`, unless the outcome is `verified`. */
export function stateOf(verification: VerificationResult): ConnectionState {
  return verification.outcome === 'verified' ? 'verified' : 'unverified'
}
