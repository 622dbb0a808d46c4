import { carrierCodeOf } from '../../catalog/carrier-code.ts'
import type { Fields, LtlCarrier } from '../../catalog/define.ts'
import { optional, nickname, text } from '../../catalog/fields.ts'
import { isBlank, isEmpty, validate } from '../../catalog/forms/validate.ts'
import { fail, failFields } from '../../errors.ts'
import { Secret } from '../../secret.ts'
import { outcomeHeader } from '../carrier/verification-result.ts'
import type { Notice } from '../request/notices.ts'
import type { AcceptedBody } from './accept-body.ts'
import type { Changes } from './values.ts'

const SCAC_FIELDS = { carrier_code: text('Carrier code'), nickname: optional(nickname()) }

/** Adds the fields that stand beside `credentials` in a body that names its carrier itself, in the order in which errors name them. */
export const withScacFields = (fields: Fields): Fields => {
  const { carrier_code, nickname: beside } = SCAC_FIELDS
  return { carrier_code, ...fields, nickname: beside }
}

/** Returns the SCAC of a body that names its carrier itself. Refuses a body without one (400), and also names the other fields beside `credentials` that are wrong or probably misspelt. */
export function requireScac({
  credentials: _acceptedLater,
  ...rest
}: Readonly<Record<string, unknown>>): string {
  const accepted = validate({ fields: SCAC_FIELDS, beside: ['credentials'] }, { ...rest })
  if (typeof rest.carrier_code === 'string' && !isBlank(rest.carrier_code)) return rest.carrier_code
  return failFields(Array.isArray(accepted) ? accepted : [])
}

/** Takes the members of `credentials` out of an accepted body: only these members are stored, and neither the object itself nor the SCAC beside it. */
export function unwrapCredentials<P extends AcceptedBody>(
  accepted: P,
  { credentials: sent }: Readonly<Record<string, unknown>>,
): P {
  const values = (accepted.credentials.reveal().credentials ?? {}) as Changes
  const cleared = Object.entries(sent ?? {}).flatMap(([name, value]) =>
    isEmpty(value) ? [[name, null] as const] : [],
  )
  const credentials: Changes = { ...values, ...Object.fromEntries<null>(cleared) }
  const beside = accepted.given.filter((name) => name !== 'credentials' && name !== 'carrier_code')
  return {
    ...accepted,
    credentials: new Secret(credentials),
    given: [...Object.keys(values), ...beside],
  }
}

/** Answers a connect for a carrier that exists in the sandbox only, as the public page of this carrier says: with success, with a warning, or with a refusal (400). */
export function answerAsSandbox(carrier: LtlCarrier): Notice[] {
  const { sandbox, title } = carrier
  if (sandbox?.answer === 'refuses')
    fail('credentials_refused', `${title} refuses every connect.`, {
      carrierCode: carrierCodeOf(carrier),
      headers: outcomeHeader('invalid_credentials'),
    })
  return sandbox?.answer === 'warns' ? [{ code: 'sandbox_warning' }] : []
}
