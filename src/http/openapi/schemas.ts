import { ID, LONGEST_ID } from '../../ids.ts'
import { conditions } from '../../errors.ts'
import type { JsonSchema } from '../../catalog/forms/json-schema.ts'
import { MANIFEST_NEEDS } from '../../catalog/manifest.ts'
import { OUTCOMES } from '../../catalog/verification.ts'
import { STATES } from '../../connections/carrier/verification-result.ts'
import { UNVERIFIED_REASONS } from '../../connections/verification/why-unverified.ts'

const text: JsonSchema = { type: 'string' }
const nullableText: JsonSchema = { type: ['string', 'null'] }
const flag: JsonSchema = { type: 'boolean' }
const time: JsonSchema = { type: 'string', format: 'date-time' }
const texts: JsonSchema = { type: 'array', items: text }

/** Returns the schema of an object that has no other members; all of them are required except the `optional` ones. */
export const closed = (
  properties: Record<string, JsonSchema>,
  optional: readonly string[] = [],
): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
})

const orNull = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: 'null' }] })
const count: JsonSchema = { type: 'integer', minimum: 0 }
const countOf = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, count]))
/** `none` is the schema of a list that is always empty. */
export const none: JsonSchema = { type: 'array', items: { type: 'object' }, maxItems: 0 }

const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items })

export const seId: JsonSchema = { type: 'string', pattern: ID, minLength: 1, maxLength: LONGEST_ID }
export const ltlId: JsonSchema = { type: 'string', format: 'uuid' }
export const requestId: JsonSchema = { type: 'string', format: 'uuid', minLength: 36, maxLength: 36 }

/** `verification` is the schema of the outcome of a verification. */
export const verification = closed({
  outcome: { enum: [...OUTCOMES, 'unasked'] },
  diagnosis: text,
  next_step: nullableText,
})

const orDryRun = (answer: JsonSchema): JsonSchema => ({ anyOf: [answer, closed({ verification })] })

/** `carrierIdAnswer` is the schema of the answer to a connect or an update: the id of the connection, or the outcome of the verification after a dry run. */
export const carrierIdAnswer = orDryRun(closed({ carrier_id: seId }))
export const ltlCarrierIdAnswer = orDryRun(closed({ carrier_id: ltlId }))

/** `signInAnswer` is the schema of the answer that begins a sign-in; the header `Location` has the address of the sign-in page. */
export const signInAnswer = closed({ carrier_id: seId })
/** `signedIn` is the schema of the message to a merchant who comes back from a sign-in. */
export const signedIn = closed({ message: text })

export const service = closed({
  carrier_id: seId,
  carrier_code: text,
  service_code: text,
  name: text,
  domestic: flag,
  international: flag,
  is_multi_package_supported: flag,
  is_return_supported: flag,
})
export const packageType = closed({
  package_id: { type: 'null' },
  package_code: text,
  name: text,
  description: text,
})
export const option = closed({ name: text, default_value: nullableText, description: text })

/** `carrier` is the schema of the published carrier object. */
export const carrier = closed(
  {
    carrier_id: seId,
    carrier_code: { type: 'string', pattern: '^[a-z0-9]+(_[a-z0-9]+)*$' },
    account_number: nullableText,
    requires_funded_amount: flag,
    balance: { type: 'number', minimum: 0 },
    nickname: nullableText,
    friendly_name: text,
    funding_source_id: { type: 'null' },
    primary: flag,
    has_multi_package_supporting_services: flag,
    allows_returns: flag,
    supports_label_messages: flag,
    disabled_by_billing_plan: flag,
    services: list(service),
    packages: list(packageType),
    options: list(option),
    send_rates: flag,
    supports_user_managed_rates: flag,
    connection_status: { type: 'string', enum: ['pending_approval', 'approved'] },
  },
  ['packages', 'options'],
)
export const carrierList = closed({
  carriers: list(carrier),
  request_id: requestId,
  errors: none,
})

const ltlCode = closed({ code: text, name: text, features: texts })
const ltlOption = closed({
  code: text,
  name: text,
  features: texts,
  attributes: { type: ['object', 'null'] },
})
const ltlCarrier = closed({
  carrier_id: ltlId,
  countries: texts,
  credential_requirements: {
    type: 'object',
    additionalProperties: closed({ title: text, type: text }),
  },
  document_types: texts,
  features: texts,
  name: text,
  options: list(ltlOption),
  packages: list(ltlCode),
  scac: text,
  services: list(ltlCode),
})
export const ltlCarrierList = closed({ carriers: list(ltlCarrier) })
export const ltlOptions = closed({ options: list(ltlOption) })
export const ltlPackages = closed({ packages: list(ltlCode) })
export const ltlServices = closed({ services: list(ltlCode) })
export const ltlFeatures = closed({ features: texts })
export const ltlRequirements = closed({
  credential_requirements: list(closed({ name: text, title: text, type: text })),
})
const codeAndName = list(closed({ code: text, name: text }))
const ltlConnected = closed({
  carrier_id: ltlId,
  name: text,
  countries: texts,
  features: texts,
  options: codeAndName,
  packages: codeAndName,
})

export const ltlConnectedAnswer = orDryRun(ltlConnected)

/** `manifestNeed` is the schema that says whether a carrier requires manifests, and which public page says so. */
export const manifestNeed = closed({
  requirement: { enum: Object.keys(MANIFEST_NEEDS) },
  source: nullableText,
})

/** `catalogEntry` is the schema of a carrier of the catalog, with a JSON Schema for each of its forms. */
export const catalogEntry = closed({
  carrier_name: text,
  aliases: texts,
  title: text,
  countries: texts,
  docs: text,
  status: { type: 'string', enum: ['connectable', 'retired', 'wallet'] },
  reason: nullableText,
  superseded_by: nullableText,
  connect: { type: ['object', 'null'] },
  update: { type: ['object', 'null'] },
  settings: { type: ['object', 'null'] },
  /** `verification` says how credentials of the carrier are verified; it is `null` where nothing public says how. */
  verification: {
    anyOf: [closed({ hosts: texts, needs: texts, operator: texts, source: text }), { type: 'null' }],
  },
  manifest: manifestNeed,
})
export const catalogList = closed({ carriers: list(catalogEntry) })

/** `connectionState` is the schema of the state of one connection, which says which fields are set and has no values of secrets. */
export const connectionState = closed({
  carrier_id: seId,
  carrier_name: text,
  nickname: nullableText,
  account_number: nullableText,
  primary: flag,
  connection_status: text,
  fields: { type: 'object', additionalProperties: closed({ set: flag, secret: flag }) },
  state: { enum: [...STATES] },
  state_since: time,
  checked_at: { anyOf: [time, { type: 'null' }] },
  diagnosis: nullableText,
  next_step: nullableText,
  version: { type: 'integer', minimum: 1 },
  credentials_version: { type: 'integer', minimum: 1 },
  created_at: time,
  updated_at: time,
})

const health = {
  state: { enum: [...STATES] },
  state_since: time,
  checked_at: { anyOf: [time, { type: 'null' }] },
  diagnosis: nullableText,
  next_step: nullableText,
}

/** `checkAnswer` is the schema of the result of a verification on demand. */
export const checkAnswer = closed({ carrier_id: text, verification, ...health })

const leased = {
  carrier_id: text,
  carrier: text,
  state: { enum: [...STATES] },
  credentials_version: { type: 'integer', minimum: 1 },
  expires_at: time,
}

/** `lease` is the schema of an answer that hands out credentials, or an access token instead of them. */
export const lease: JsonSchema = {
  anyOf: [
    closed({ ...leased, credentials: { type: 'object' } }),
    closed({ ...leased, access_token: closed({ token: text, expires_at: time }) }),
  ],
}

/** `connectionPage` is the schema of one page of connections of both modes. */
export const connectionPage = closed({
  connections: list(
    closed({
      carrier_id: text,
      mode: { enum: ['parcel', 'ltl'] },
      carrier: text,
      nickname: nullableText,
      account_number: nullableText,
      connection_status: text,
      ...health,
      unverified: orNull(closed({ reason: { enum: [...UNVERIFIED_REASONS] }, settings: texts })),
      account: orNull(
        closed({ account_id: text, external_account_id: nullableText, company_name: text, active: flag }),
      ),
      version: { type: 'integer', minimum: 1 },
      credentials_version: { type: 'integer', minimum: 1 },
      created_at: time,
      updated_at: time,
    }),
  ),
  counts: closed({
    ...countOf(STATES),
    attention: count,
    unverified_by_reason: closed(countOf(UNVERIFIED_REASONS)),
  }),
  total: { type: ['integer', 'null'], minimum: 0 },
  page: { type: 'integer', minimum: 1 },
  pages: { type: ['integer', 'null'], minimum: 0 },
  next: nullableText,
})

/** `shown` is the schema of a value that is not secret. */
const shown: JsonSchema = { type: ['string', 'number', 'boolean', 'null'] }

/** `auditPage` is the schema of one page of the audit log. */
export const auditPage = closed({
  events: list(
    closed({
      seq: { type: 'integer', minimum: 1 },
      at: time,
      actor: text,
      action: text,
      carrier_id: nullableText,
      key_id: nullableText,
      subject: nullableText,
      fields: texts,
      changes: orNull(list(closed({ field: text, before: shown, after: shown }))),
      changes_lost: orNull({ type: 'string', enum: ['erased', 'unreadable'] }),
      version: { type: ['integer', 'null'] },
      outcome: text,
      request_id: nullableText,
      ip: nullableText,
    }),
  ),
  connections: list(closed({ carrier_id: text, carrier: text, nickname: nullableText })),
  actors: list(closed({ actor: text, description: nullableText })),
  total: { type: 'integer', minimum: 0 },
  page: { type: 'integer', minimum: 1 },
  pages: { type: 'integer', minimum: 0 },
})

/** `account` is the schema of an account of a partner. */
export const account = closed({
  account_id: seId,
  external_account_id: nullableText,
  created_at: time,
  modified_at: time,
  active: flag,
  email: nullableText,
  first_name: nullableText,
  last_name: nullableText,
  company_name: text,
  origin_country_code: nullableText,
})
const link: JsonSchema = { type: 'object', properties: { href: text }, additionalProperties: false }
/** `paged` has the members of a page beside its items: the total, the page, the number of pages, and links. */
export const paged: Record<string, JsonSchema> = {
  total: { type: 'integer', minimum: 0 },
  page: { type: 'integer', minimum: 1 },
  pages: { type: 'integer', minimum: 0 },
  links: closed({ first: link, last: link, prev: link, next: link }),
}
export const accountPage = closed({ accounts: list(account), ...paged })
export const accountKeys = list(
  closed({ api_key_id: text, description: nullableText, created_at: time, account_id: seId }),
)
export const newAccountKey = closed({
  encrypted_api_key: text,
  created_at: time,
  description: text,
  account_id: seId,
  api_key_id: text,
})

/** `errorEntry` is the schema of one entry of the published error envelope. */
export const errorEntry = closed(
  {
    error_source: { type: 'string', enum: ['carrier', 'order_source', 'shipengine'] },
    error_type: {
      type: 'string',
      enum: ['account_status', 'business_rules', 'validation', 'security', 'system', 'integrations'],
    },
    error_code: {
      type: 'string',
      enum: [...new Set(Object.values(conditions).map(({ code }) => code))].sort(),
    },
    message: { type: 'string', minLength: 1 },
    carrier_id: text,
    carrier_code: text,
    field_name: text,
  },
  ['carrier_id', 'carrier_code', 'field_name'],
)

/** `errorEnvelope` is the schema of the published error envelope. */
export const errorEnvelope = closed({
  request_id: requestId,
  errors: { type: 'array', minItems: 1, items: errorEntry },
})
