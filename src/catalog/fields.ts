import type { Field, Fields, FlagField, NumberField, ObjectField, TextField } from './define.ts'

/** `LONGEST_NICKNAME` limits a nickname, and `LONGEST_TEXT` any other text, in characters (code points), where no public table gives a limit. */
const LONGEST_NICKNAME = 100
export const LONGEST_TEXT = 2_000

type TextExtras = Partial<Omit<TextField, 'type' | 'label' | 'secret'>>

/** Builds the field of the nickname that the user chooses for a connection. */
export const nickname = (): TextField => ({
  type: 'string',
  label: 'Nickname',
  required: true,
  secret: false,
  maxLength: LONGEST_NICKNAME,
  role: 'nickname',
})

/** Builds the field of a required text that may be shown. */
export const text = (label: string, extras: TextExtras = {}): TextField => ({
  type: 'string',
  label,
  required: true,
  secret: false,
  ...extras,
})

/** Builds the field of a required text that is never shown again. */
export const secret = (label: string, extras: TextExtras = {}): TextField => ({
  type: 'string',
  label,
  required: true,
  secret: true,
  ...extras,
})

/** Builds the field of a required text that tells one account at the carrier from another. */
export const identifier = (label: string, extras: TextExtras = {}): TextField =>
  text(label, { identifier: true, ...extras })

/** Builds a field that takes one of a closed list of values; it is required unless `optional` wraps it. */
export const choice = (label: string, values: readonly string[]): TextField => text(label, { enum: values })

/** Builds the field of a country code of two letters; it is required unless `optional` wraps it. */
export const countryCode = (label: string): TextField =>
  text(label, { minLength: 2, maxLength: 2, pattern: '^[A-Za-z]*$', examples: ['US'] })

/** Builds the optional field of a truth value, which may also be sent as text, as in public samples. The field is optional because the only truth value that public forms require is the acceptance of terms. */
export const flag = (label: string, extras: Partial<FlagField> = {}): FlagField => ({
  type: 'boolean',
  label,
  secret: false,
  textual: true,
  ...extras,
})

/** Builds the field of the acceptance of the carrier's terms, which is required and refuses `false`. */
export const terms = (label: string): FlagField => ({ ...flag(label), required: true, role: 'terms' })

/** Builds the field that says whether the connection is its carrier's primary one. */
export const primary = (): FlagField => flag('Primary account', { role: 'primary' })

/** Builds the optional field of a whole number that is not negative and fits 32 bits. */
export const count = (label: string, extras: Partial<NumberField> = {}): NumberField => ({
  type: 'integer',
  label,
  secret: false,
  minimum: 0,
  maximum: 2_147_483_647,
  ...extras,
})

/** Builds the optional field of an object with members of its own. */
export const group = (label: string, members: Fields, extras: Partial<ObjectField> = {}): ObjectField => ({
  type: 'object',
  label,
  secret: false,
  members,
  ...extras,
})

/** Makes a field optional and leaves the rest of it as it is. */
export const optional = <F extends Field>(field: F): F => {
  const { required: _required, ...rest } = field
  return rest as F
}

/** Makes every field of a form optional; the fields of a settings form are optional. */
export const allOptional = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, optional(field)]))

/** `ENDORSEMENTS` has the values by which the forms of several carriers say what to do with an item that cannot be delivered. */
export const ENDORSEMENTS = [
  'none',
  'return_service_requested',
  'forwarding_service_requested',
  'address_service_requested',
  'change_service_requested',
  'leave_if_no_response',
] as const

/** An image has at most `LONGEST_IMAGE` characters in base64, so that two images fit into the body of a settings request. */
export const LONGEST_IMAGE = 500_000

/** `anyCredentials` is the form of an LTL carrier whose own list of fields is not public: it has the six fields that the public LTL documentation names, and none of them is required. */
export const anyCredentials: Fields = {
  account_number: optional(identifier('Account number')),
  key: optional(secret('Key')),
  password: optional(secret('Password')),
  secret: optional(secret('Secret')),
  securitycode: optional(secret('Security code')),
  username: optional(secret('Username')),
}
