import type { Carrier, Fields } from '../../catalog/define.ts'
import type { Value, Values } from '../../catalog/forms/validate.ts'
import type { Proof } from '../carrier/proof.ts'

/** Something the caller should know that is no error; never a value. */
export type Notice = { code: string; field?: string; carrierId?: string }

const SUSPECTS: [code: string, pattern: RegExp][] = [
  ['surrounding_white_space', /^\s|\s$/u],
  ['smart_quotes', /[\u2018-\u201f\u2039\u203a\u00ab\u00bb]/u],
  ['zero_width_characters', /[\u200b-\u200d\u2060\ufeff\u00ad]/u],
]

/** What pasting does to identifiers and keys: accepted as it is, since it may be meant, but said. */
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

/** Says that fields which a body gives empty stay as they were, since no connection is without them. */
export const notClearedNotices = (names: readonly string[]): Notice[] =>
  names.map((field) => ({ code: 'not_cleared', field }))

/** Says that credentials were stored which the carrier has not proved. */
export function proofNotice(proof: Proof): Notice[] {
  const isTold = proof.asked ? proof.outcome !== 'verified' : proof.lacks
  return isTold ? [{ code: `unverified_${proof.outcome}` }] : []
}

/** Says that the merchant has to sign in at the carrier again. */
export const signInLostNotice = (isLost: boolean): Notice[] => (isLost ? [{ code: 'sign_in_lost' }] : [])

/** Says that new connections should use another carrier. */
export function supersededNotice(carrier: Carrier): Notice[] {
  return carrier.successor ? [{ code: `superseded_by_${carrier.successor}` }] : []
}

/** Says that another connection stands for the same LTL account. */
export const duplicateNotice = (carrierId: string | undefined): Notice[] =>
  carrierId === undefined
    ? []
    : [{ code: 'account_already_connected', field: 'credentials.account_number', carrierId }]
