import type { Field, Fields, FlagField, NumberField, ObjectField, TextField } from './define.ts'

/** Limits in characters (code points) where no public table gives one. */
const LONGEST_NICKNAME = 100
export const LONGEST_TEXT = 2_000

type TextExtras = Partial<Omit<TextField, 'type' | 'label' | 'secret'>>

/** The label that the user chooses for a connection. */
export const nickname = (): TextField => ({
  type: 'string',
  label: 'Nickname',
  required: true,
  secret: false,
  maxLength: LONGEST_NICKNAME,
  role: 'nickname',
})

/** A required text that may be shown. */
export const text = (label: string, extras: TextExtras = {}): TextField => ({
  type: 'string',
  label,
  required: true,
  secret: false,
  ...extras,
})

/** A required text that is never shown again. */
export const secret = (label: string, extras: TextExtras = {}): TextField => ({
  type: 'string',
  label,
  required: true,
  secret: true,
  ...extras,
})

/** A required text that tells one account at the carrier from another. */
export const identifier = (label: string, extras: TextExtras = {}): TextField =>
  text(label, { identifier: true, ...extras })

/** One of a closed list of values; required unless made optional. */
export const choice = (label: string, values: readonly string[]): TextField => text(label, { enum: values })

/** The two letters that a country goes by; required unless made optional. */
export const countryCode = (label: string): TextField =>
  text(label, { minLength: 2, maxLength: 2, pattern: '^[A-Za-z]*$', examples: ['US'] })

/** A truth value, or one as text, as public samples send it; optional, since the public forms require none but the acceptance of terms. */
export const flag = (label: string, extras: Partial<FlagField> = {}): FlagField => ({
  type: 'boolean',
  label,
  secret: false,
  textual: true,
  ...extras,
})

/** The acceptance of the carrier's terms: required, and `false` is refused. */
export const terms = (label: string): FlagField => ({ ...flag(label), required: true, role: 'terms' })

/** Whether the connection is its carrier's primary one. */
export const primary = (): FlagField => flag('Primary account', { role: 'primary' })

/** A whole number that is not negative and fits 32 bits; optional. */
export const count = (label: string, extras: Partial<NumberField> = {}): NumberField => ({
  type: 'integer',
  label,
  secret: false,
  minimum: 0,
  maximum: 2_147_483_647,
  ...extras,
})

/** An object with members of its own; optional. */
export const group = (label: string, members: Fields, extras: Partial<ObjectField> = {}): ObjectField => ({
  type: 'object',
  label,
  secret: false,
  members,
  ...extras,
})

/** The same field, not required. */
export const optional = <F extends Field>(field: F): F => {
  const { required: _required, ...rest } = field
  return rest as F
}

/** Every field of a form, not required: what a settings form is. */
export const allOptional = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, optional(field)]))

/** What to do with an item that cannot be delivered, as several carriers' forms name it. */
export const ENDORSEMENTS = [
  'none',
  'return_service_requested',
  'forwarding_service_requested',
  'address_service_requested',
  'change_service_requested',
  'leave_if_no_response',
] as const

/** Characters of an image in base64 that still fit into a settings body with another one. */
export const LONGEST_IMAGE = 500_000

/** The six field names that the LTL documentation knows, none required: the form of a carrier whose own list is not public. */
export const anyCredentials: Fields = {
  account_number: optional(identifier('Account number')),
  key: optional(secret('Key')),
  password: optional(secret('Password')),
  secret: optional(secret('Secret')),
  securitycode: optional(secret('Security code')),
  username: optional(secret('Username')),
}
