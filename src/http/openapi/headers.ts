import type { JsonSchema } from '../../catalog/forms/json-schema.ts'
import { OUTCOMES } from '../../catalog/verification.ts'

type DocumentedHeader = { about: string; schema: JsonSchema; example?: string }

const text: JsonSchema = { type: 'string' }
const count: JsonSchema = { type: 'integer', minimum: 0 }

/** `headers` is the table of all headers of answers that mean something to a client. */
export const headers = {
  'X-ShipEngine-RequestId': {
    about: 'The id of this request, as the log and the audit have it; refusals carry it as `request_id` too.',
    schema: { type: 'string', format: 'uuid' },
  },
  'X-Content-Type-Options': {
    about: 'The type of the answer is what it says.',
    schema: text,
    example: 'nosniff',
  },
  ETag: {
    about: 'The version of the connection; `If-Match` takes it.',
    schema: { type: 'string', pattern: '^"v[0-9]+"$' },
    example: '"v3"',
  },
  Location: {
    about: 'Where to send the browser of the merchant, who signs in there; absent where nobody has to.',
    schema: text,
  },
  'Hawser-Notice': {
    about:
      'Something worth knowing that is no error: a code and parameters, repeated where there are several; absent where there is none.',
    schema: text,
    example: 'surrounding_space; field=password',
  },
  'Hawser-Outcome': {
    about: 'What the carrier made of the credentials, where that is why the request is refused.',
    schema: { type: 'string', enum: [...OUTCOMES, 'unasked'] },
    example: 'invalid_credentials',
  },
  'Hawser-Condition': {
    about: 'The name of the condition in `docs/errors.md`, which tells refusals of one status apart.',
    schema: text,
    example: 'account_already_connected',
  },
  'WWW-Authenticate': {
    about: 'How a request says who it is: by the header `API-Key`.',
    schema: text,
    example: 'ApiKey realm="hawser"',
  },
  'Accept-Encoding': {
    about: 'Where the body had a `Content-Encoding`: what is taken.',
    schema: text,
    example: 'identity',
  },
  'Hawser-Webhook-Secret': {
    about: 'The secret that messages are signed with, shown this once.',
    schema: text,
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  },
  'Cache-Control': {
    about: 'Answers behind a key are kept by nobody.',
    schema: text,
    example: 'private, no-store',
  },
  'RateLimit-Limit': {
    about: 'Requests that the key has each minute, where the server counts them.',
    schema: count,
    example: '600',
  },
  'RateLimit-Remaining': { about: 'Requests that are left of this minute.', schema: count, example: '599' },
  'RateLimit-Reset': { about: 'Seconds until the minute is over.', schema: count, example: '60' },
  'Retry-After': { about: 'Seconds to wait before the request is sent again.', schema: count, example: '12' },
  RetryAfter: {
    about: 'The same as `Retry-After`, in the spelling that some clients read.',
    schema: count,
    example: '12',
  },
  Allow: { about: 'With 405: the methods that the path has.', schema: text, example: 'GET, HEAD, PUT' },
  'Content-Security-Policy': { about: 'What a browser may do with the page.', schema: text },
  'Referrer-Policy': {
    about: 'The address of the page is told to nobody.',
    schema: text,
    example: 'no-referrer',
  },
} satisfies Record<string, DocumentedHeader>

export type HeaderName = keyof typeof headers

const table: Record<string, DocumentedHeader> = headers

/** Returns the headers for the API description, each under its name. */
export const headerComponents = (): Record<string, object> =>
  Object.fromEntries(
    Object.entries(table).map(([name, { about, schema, example }]) => [
      name,
      {
        description: about,
        schema,
        ...(example === undefined ? {} : { example: /^\d+$/.test(example) ? Number(example) : example }),
      },
    ]),
  )

/** Returns references to headers of the API description. */
export const headerReferences = (names: readonly HeaderName[]): Record<string, object> =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))

const OF_STATUS: Readonly<Record<string, readonly HeaderName[]>> = {
  400: ['Hawser-Outcome'],
  401: ['WWW-Authenticate'],
  409: ['Hawser-Condition', 'Hawser-Outcome', 'Retry-After'],
  412: ['Hawser-Condition'],
  415: ['Accept-Encoding'],
  429: ['Retry-After', 'RetryAfter', 'Hawser-Outcome'],
  502: ['Retry-After', 'Hawser-Outcome'],
  503: ['Retry-After'],
  default: ['Allow'],
}

/** Returns the headers of every answer with the status, beside those that the description of the route names; `hasKey` is true where the route needs an API key. */
export function headersOf(status: string, { hasKey }: { hasKey: boolean }): HeaderName[] {
  const isRefusal = status === 'default' || Number(status) >= 400
  return [
    'X-ShipEngine-RequestId',
    'X-Content-Type-Options',
    ...(hasKey || isRefusal ? (['Cache-Control'] as const) : []),
    ...(hasKey ? (['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'] as const) : []),
    ...(OF_STATUS[status] ?? []),
  ]
}
