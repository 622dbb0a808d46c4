type Condition = {
  status: number
  source: 'shipengine' | 'carrier'
  type: 'account_status' | 'business_rules' | 'validation' | 'security' | 'system' | 'integrations'
  code: string
  when: string
}

const ours = (status: number, type: Condition['type'], code: string, when: string): Condition => ({
  status,
  source: 'shipengine',
  type,
  code,
  when,
})
const carriers = (status: number, type: Condition['type'], code: string, when: string): Condition => ({
  status,
  source: 'carrier',
  type,
  code,
  when,
})

/** `conditions` is the table of all refusals by condition; `code` is one of the published error codes, and one code serves several conditions. */
export const conditions = {
  key_absent: ours(401, 'security', 'unauthorized', 'The request has no API key.'),
  key_malformed: ours(
    401,
    'security',
    'unauthorized',
    'The API key does not have the form of one, or its checksum is wrong: it was cut off or mistyped.',
  ),
  key_unknown: ours(401, 'security', 'unauthorized', 'No such API key was made here.'),
  key_revoked: ours(401, 'security', 'unauthorized', 'The API key was revoked.'),
  key_expired: ours(401, 'security', 'unauthorized', 'The time of the API key is over.'),
  too_many_failures: ours(
    429,
    'system',
    'rate_limit_exceeded',
    'Too many requests of this minute came from the address with a key that is not valid.',
  ),
  scope_missing: ours(403, 'security', 'forbidden', 'The API key lacks the scope that the route needs.'),
  account_disabled: ours(403, 'security', 'forbidden', 'The account that owns the API key is disabled.'),
  on_behalf_refused: ours(
    403,
    'security',
    'forbidden',
    '`On-Behalf-Of` names no account of this partner key.',
  ),
  account_of_production: ours(
    403,
    'security',
    'forbidden',
    'A sandbox key of a partner does not change an account that was made in production.',
  ),
  rate_limited: ours(
    429,
    'system',
    'rate_limit_exceeded',
    'The key has used up its requests of this minute.',
  ),
  request_malformed: ours(
    400,
    'validation',
    'unspecified',
    'The request is not well-formed HTTP, or repeats a header that must stand once.',
  ),
  header_malformed: ours(
    400,
    'validation',
    'unspecified',
    'The header `If-Match` is neither `*` nor a list of entity tags in quotes.',
  ),
  request_timeout: ours(408, 'validation', 'unspecified', 'The request did not arrive whole in time.'),
  headers_too_large: ours(431, 'validation', 'unspecified', 'The headers are larger than 16 KiB.'),
  route_unknown: ours(404, 'validation', 'unspecified', 'No route has this path.'),
  method_not_allowed: ours(405, 'validation', 'unspecified', 'The route does not have this method.'),
  content_type_unsupported: ours(415, 'validation', 'unspecified', 'The body is not `application/json`.'),
  body_encoded: ours(
    415,
    'validation',
    'unspecified',
    'The body has a `Content-Encoding`; none is taken, and `Accept-Encoding` says so.',
  ),
  expectation_unknown: ours(
    417,
    'validation',
    'unspecified',
    'The header `Expect` asks for something else than `100-continue`.',
  ),
  body_too_large: ours(413, 'validation', 'unspecified', 'The body is larger than the route takes.'),
  body_required: ours(400, 'validation', 'request_body_required', 'The body is absent or `null`.'),
  body_malformed: ours(
    400,
    'validation',
    'invalid_object',
    'The body is not strict JSON in UTF-8, repeats a member, is nested too deep, has too many members or a reserved name.',
  ),
  body_not_object: ours(400, 'validation', 'invalid_object', 'The body is JSON, but not an object.'),
  field_required: ours(400, 'validation', 'field_value_required', 'A field is missing, `null` or empty.'),
  field_invalid: ours(
    400,
    'validation',
    'invalid_field_value',
    'A field has the wrong type, format or value, or is not known to the carrier.',
  ),
  field_length: ours(400, 'validation', 'invalid_string_length', 'A text is too short or too long.'),
  field_conflict: ours(400, 'validation', 'field_conflict', 'One thing is given in two spellings.'),
  carrier_id_malformed: ours(
    404,
    'validation',
    'invalid_identifier',
    'The `carrier_id` does not have the form of one.',
  ),
  connection_unknown: ours(
    404,
    'business_rules',
    'carrier_not_connected',
    'No connection of this account has the `carrier_id`, or it belongs to another carrier.',
  ),
  carrier_unknown: ours(
    404,
    'business_rules',
    'carrier_not_supported',
    'No carrier has this `carrier_name`.',
  ),
  scac_unknown: carriers(400, 'business_rules', 'carrier_not_supported', 'No LTL carrier has this SCAC.'),
  carrier_not_connectable: ours(
    400,
    'business_rules',
    'carrier_not_supported',
    'The carrier has ceased or been withdrawn, or is offered through a platform wallet only.',
  ),
  update_unsupported: ours(
    400,
    'business_rules',
    'carrier_not_supported',
    'The carrier’s credentials cannot be updated in place.',
  ),
  sign_in_unsupported: ours(
    400,
    'business_rules',
    'carrier_not_supported',
    'Nobody signs in at this carrier: it has no sign-in, or the operator of this server has not set it up.',
  ),
  sign_in_refused: ours(
    400,
    'security',
    'unspecified',
    'The sign-in did not succeed: it has expired, was used before, was never begun, or the carrier did not confirm it.',
  ),
  settings_unsupported: ours(404, 'business_rules', 'settings_not_supported', 'The carrier has no settings.'),
  funding_unsupported: ours(
    400,
    'business_rules',
    'auto_fund_not_supported',
    'The connection holds no balance that could be funded.',
  ),
  account_already_connected: ours(
    409,
    'business_rules',
    'identifier_conflict',
    'Another connection already stands for this carrier account.',
  ),
  terms_not_accepted: ours(
    400,
    'business_rules',
    'terms_not_accepted',
    'The carrier’s terms have not been accepted.',
  ),
  version_mismatch: ours(
    412,
    'business_rules',
    'invalid_status',
    'The version in `If-Match` is not the current one.',
  ),
  nothing_to_roll_back: ours(
    409,
    'business_rules',
    'invalid_status',
    'No earlier credentials of the connection are kept.',
  ),
  nothing_to_restore: ours(
    409,
    'business_rules',
    'invalid_status',
    'The connection is not deleted, or nothing of it is left to restore.',
  ),
  open_shipments: ours(
    409,
    'business_rules',
    'invalid_status',
    'Shipments stand open under the connection that a delete would strand.',
  ),
  connection_unusable: ours(
    409,
    'business_rules',
    'invalid_status',
    'The connection has to be updated or approved before its credentials are handed out.',
  ),
  credentials_refused: carriers(
    400,
    'account_status',
    'verification_failure',
    'The carrier refused the credentials.',
  ),
  verification_impossible: carriers(
    502,
    'integrations',
    'verification_failure',
    'The credentials had to be proved, and the carrier could not be asked or did not say.',
  ),
  token_unavailable: carriers(
    502,
    'integrations',
    'verification_failure',
    'An access token was asked for, and the carrier gave none.',
  ),
  verification_paused: ours(
    429,
    'system',
    'rate_limit_exceeded',
    'The carrier has refused the login several times, or others are asking about it; nobody asks again for a while.',
  ),
  label_unknown: ours(404, 'business_rules', 'unspecified', 'The account has no label of this id or number.'),
  manifest_unknown: ours(404, 'business_rules', 'unspecified', 'The account has no manifest of this id.'),
  id_malformed: ours(
    404,
    'validation',
    'invalid_identifier',
    'An id in the path, of a label, a manifest, a webhook, an account or an API key, does not have the form of one.',
  ),
  label_id_taken: ours(
    409,
    'business_rules',
    'identifier_conflict',
    'The `label_id` stands for another label, or the label is recorded under another one.',
  ),
  label_settled: ours(
    409,
    'business_rules',
    'invalid_status',
    'The label is voided, is in a manifest, or is in a status from which it cannot go where it should.',
  ),
  label_of_other_carrier: ours(
    400,
    'business_rules',
    'carrier_conflict',
    'A label of the manifest belongs to another connection.',
  ),
  not_done_here: ours(
    400,
    'business_rules',
    'carrier_not_supported',
    'What was asked for would have to be done at the carrier; Hawser only records it.',
  ),
  account_unknown: ours(404, 'business_rules', 'unspecified', 'No account of this partner has the id.'),
  api_key_unknown: ours(404, 'business_rules', 'unspecified', 'The account has no API key of this id.'),
  key_revokes_itself: ours(
    409,
    'business_rules',
    'invalid_status',
    'An API key does not revoke itself; another key of the account does, or the command line.',
  ),
  external_id_taken: ours(
    409,
    'business_rules',
    'identifier_conflict',
    'Another account of this partner has the `external_account_id`.',
  ),
  webhook_unknown: ours(404, 'business_rules', 'unspecified', 'The account has no webhook of this id.'),
  webhook_taken: ours(
    409,
    'business_rules',
    'webhook_event_type_conflict',
    'Another webhook already sends this event to this address.',
  ),
  webhook_limit: ours(
    409,
    'business_rules',
    'unspecified',
    'The account has as many webhooks as it may have.',
  ),
  webhook_disabled: ours(
    409,
    'business_rules',
    'invalid_status',
    'The webhook is disabled; update it first.',
  ),
  message_unknown: ours(404, 'business_rules', 'unspecified', 'The webhook has no message of this id.'),
  credentials_unreadable: ours(
    500,
    'system',
    'unspecified',
    'What is stored for the connection or the webhook fails its integrity check and is not used.',
  ),
  database_unavailable: ours(503, 'system', 'unspecified', 'The database cannot be used at the moment.'),
  too_busy: ours(503, 'system', 'unspecified', 'Others change the connection all the time.'),
  too_slow: ours(503, 'system', 'unspecified', 'The request was not answered in time.'),
  audit_log_broken: ours(
    500,
    'system',
    'unspecified',
    'The audit log of the account is damaged; nothing is changed before the operator has looked at it.',
  ),
  internal: ours(500, 'system', 'unspecified', 'Something failed on our side.'),
} satisfies Record<string, Condition>

export type ConditionName = keyof typeof conditions

/** A `Problem` is one entry of the error envelope; `message` is written for the caller and never repeats a value that the caller sent. */
export type Problem = {
  condition: ConditionName
  message: string
  fieldName?: string
  carrierId?: string
  carrierCode?: string
}

const CHALLENGE = { 'www-authenticate': 'ApiKey realm="hawser"' }

/** An `ApiError` is a refusal that the caller sees: one or more problems under one status; its `cause` goes to the log only. */
export class ApiError extends Error {
  readonly problems: readonly [Problem, ...Problem[]]
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(
    problems: readonly [Problem, ...Problem[]],
    options: { cause?: unknown; headers?: Record<string, string> } = {},
  ) {
    super(problems[0].message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ApiError'
    this.problems = problems
    this.status = conditions[problems[0].condition].status
    // Every answer with the status 401 has to say how to authenticate.
    this.headers = { ...(this.status === 401 ? CHALLENGE : {}), ...options.headers }
  }
}

type Details = Omit<Problem, 'condition' | 'message'> & { cause?: unknown; headers?: Record<string, string> }

/** Throws an `ApiError` with one problem, under the given condition. */
export function fail(condition: ConditionName, message: string, details: Details = {}): never {
  const { cause, headers, ...rest } = details
  throw new ApiError([{ condition, message, ...rest }], {
    ...(cause === undefined ? {} : { cause }),
    ...(headers ? { headers } : {}),
  })
}

/** Throws one `ApiError` with all of the problems; the first problem decides the status. */
export function failAll(problems: readonly Problem[]): never {
  const [first, ...rest] = problems
  if (!first) throw new Error('A refusal needs a problem.')
  throw new ApiError([first, ...rest])
}

const fieldConditions = {
  required: 'field_required',
  invalid: 'field_invalid',
  length: 'field_length',
  conflict: 'field_conflict',
  terms: 'terms_not_accepted',
} as const satisfies Record<string, ConditionName>

export type BadField = { kind: keyof typeof fieldConditions; field?: string; message: string }

/** Returns one problem for each bad field. */
export function fieldProblems(problems: readonly BadField[]): Problem[] {
  return problems.map(({ kind, field, message }) => ({
    condition: fieldConditions[kind],
    message,
    ...(field === undefined ? {} : { fieldName: field }),
  }))
}

/** Throws one `ApiError` with a problem for each bad field. */
export function failFields(problems: readonly BadField[]): never {
  return failAll(fieldProblems(problems))
}

/** `StartRefused` is thrown where Hawser cannot start before the operator changes something; the process then exits with 78 (EX_CONFIG of sysexits.h). */
export class StartRefused extends Error {
  static readonly exitCode = 78

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options)
    this.name = 'StartRefused'
  }
}
