import type { Carrier, Fields } from '../../catalog/define.ts'
import type { Value, Values } from '../../catalog/forms/validate.ts'
import type { VerificationResult } from '../carrier/verification-result.ts'

/** A notice is something that the caller should know and that is no error; it never contains a value. */
export type Notice = { code: string; field?: string; carrierId?: string }

const SUSPECTS: [code: string, pattern: RegExp][] = [
  ['surrounding_white_space', /^\s|\s$/u],
  ['smart_quotes', /[\u2018-\u201f\u2039\u203a\u00ab\u00bb]/u],
  ['zero_width_characters', /[\u200b-\u200d\u2060\ufeff\u00ad]/u],
]

/** Returns a notice for every identifier and secret with characters that pasting may have added; such a value is accepted unchanged, since it may be meant. */
export function suspectText(fields: Fields, values: Values, prefix = ''): Notice[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const field = fields[name]
    if (field?.type === 'object') return suspectText(field.members, value as Values, `${prefix}${name}.`)
    if (!field?.identifier && !field?.secret) return []
    return suspectsIn(value).map((code) => ({ code, field: `${prefix}${name}` }))
  })
}

const suspectsIn = (value: Value) =>
  typeof value === 'string' ? SUSPECTS.filter(([, pattern]) => pattern.test(value)).map(([code]) => code) : []

/** Returns a notice for each field that a body gives empty and that keeps its value, since every connection needs a value there. */
export const notClearedNotices = (names: readonly string[]): Notice[] =>
  names.map((field) => ({ code: 'not_cleared', field }))

/** Returns the notice that credentials were stored which the carrier has not verified. */
export function unverifiedNotice(verification: VerificationResult): Notice[] {
  const isTold = verification.asked ? verification.outcome !== 'verified' : verification.lacks
  return isTold ? [{ code: `unverified_${verification.outcome}` }] : []
}

/** Returns the notice that the merchant has to sign in at the carrier again. */
export const signInLostNotice = ({ signInLost }: { signInLost: boolean }): Notice[] =>
  signInLost ? [{ code: 'sign_in_lost' }] : []

/** Returns the notice that new connections should use another carrier. */
export function supersededNotice(carrier: Carrier): Notice[] {
  return carrier.successor ? [{ code: `superseded_by_${carrier.successor}` }] : []
}

/** Returns the notice that another connection of the same LTL account exists. */
export const duplicateNotice = (carrierId: string | undefined): Notice[] =>
  carrierId === undefined
    ? []
    : [{ code: 'account_already_connected', field: 'credentials.account_number', carrierId }]
