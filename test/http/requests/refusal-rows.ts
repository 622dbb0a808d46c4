import { makeApiKey } from '../../../src/tenants/keys/api-key-format.ts'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import type { Answer, TestServer, RequestOptions } from '../../support/server/test-server.ts'
import { connect } from '../../support/connections/connect.ts'

const STAMPS = '/v1/connections/carriers/stamps_com'
const ABSENT = 'se-0000000000000000'

type Expected = { status: number; type: string; code: string; source?: string; field?: string }
type Row = [condition: string, ask: (server: TestServer) => Promise<Answer>, expected: Expected]

/** Sends a body to a path, by default to the path of a parcel carrier. */
export const post = (server: TestServer, options: RequestOptions, path = STAMPS) =>
  server.request('POST', path, options)
/** Builds a body that connects Stamps.com, with other fields in it. */
export const stamps = (more: Record<string, unknown>) => ({
  body: { ...connectBodies.stamps_com, username: unique(), ...more },
})

/** Connects the account of the public page, which other requests of a test connect too. */
export const connectPublished = (
  server: TestServer,
  carrier: keyof typeof connectBodies = 'stamps_com',
  more: object = {},
): Promise<string> =>
  connect(server, carrier, {
    body: { ...connectBodies[carrier], allow_duplicate_account_number: true, ...more },
  })

const invalid = (field?: string): Expected => ({
  status: 400,
  type: 'validation',
  code: 'invalid_field_value',
  field,
})
const required = (field: string): Expected => ({
  status: 400,
  type: 'validation',
  code: 'field_value_required',
  field,
})
const length = (field: string): Expected => ({
  status: 400,
  type: 'validation',
  code: 'invalid_string_length',
  field,
})
const notJson: Expected = { status: 400, type: 'validation', code: 'invalid_object' }
const unauthorized: Expected = { status: 401, type: 'security', code: 'unauthorized' }
const forbidden: Expected = { status: 403, type: 'security', code: 'forbidden' }
const noBody: Expected = { status: 400, type: 'validation', code: 'request_body_required' }
const notConnected: Expected = {
  status: 404,
  type: 'business_rules',
  code: 'carrier_not_connected',
  field: 'carrier_id',
}
const malformedId: Expected = {
  status: 404,
  type: 'validation',
  code: 'invalid_identifier',
  field: 'carrier_id',
}
const unsupported = (status: number, source = 'shipengine'): Expected => ({
  status,
  type: 'business_rules',
  code: 'carrier_not_supported',
  source,
})

/** This table has every refusal of the public contract and of its decided gaps. */
export const rows: Row[] = [
  ['no key', (server) => server.request('GET', '/v1/carriers', { key: '' }), unauthorized],
  [
    'a key of another form',
    (server) => server.request('GET', '/v1/carriers', { key: 'TEST_something' }),
    unauthorized,
  ],
  [
    'a key whose checksum is off',
    (server) => server.request('GET', '/v1/carriers', { key: `${server.key.slice(0, -1)}_` }),
    unauthorized,
  ],
  [
    'an unknown key',
    (server) =>
      server.request('GET', '/v1/carriers', {
        key: makeApiKey('production').text,
      }),
    unauthorized,
  ],
  [
    'an expired key',
    async (server) =>
      server.request('GET', '/v1/carriers', {
        key: await server.newKey({ expiresAt: '2020-01-01T00:00:00.000Z' }),
      }),
    unauthorized,
  ],
  [
    'a key without the scope',
    async (server) => post(server, { ...stamps({}), key: await server.newKey({ scopes: ['read'] }) }),
    forbidden,
  ],
  [
    'On-Behalf-Of with a key that is no partner’s',
    (server) => server.request('GET', '/v1/carriers', { headers: { 'On-Behalf-Of': server.tenantId } }),
    forbidden,
  ],
  ['no body', (server) => post(server, {}), noBody],
  ['a body that is null', (server) => post(server, { raw: 'null' }), noBody],
  ['truncated JSON', (server) => post(server, { raw: '{"nickname":"n"' }), notJson],
  [
    'JSON that is not UTF-8',
    (server) => post(server, { raw: Buffer.from('{"nickname":"\xe9"}', 'latin1') }),
    notJson,
  ],
  ['a member given twice', (server) => post(server, { raw: '{"nickname":"a","nickname":"b"}' }), notJson],
  ['nesting too deep', (server) => post(server, { raw: `${'{"a":'.repeat(9)}1${'}'.repeat(9)}` }), notJson],
  ['a member named __proto__', (server) => post(server, { raw: '{"__proto__":{"nickname":"n"}}' }), notJson],
  ['an array', (server) => post(server, { raw: '[]' }), notJson],
  ['a string', (server) => post(server, { raw: '"text"' }), notJson],
  [
    'another content type',
    (server) => post(server, { ...stamps({}), headers: { 'content-type': 'text/plain' } }),
    { status: 415, type: 'validation', code: 'unspecified' },
  ],
  [
    'a body over 64 KiB',
    (server) => post(server, stamps({ password: 'x'.repeat(65_600) })),
    { status: 413, type: 'validation', code: 'unspecified' },
  ],
  [
    'a missing field',
    (server) => post(server, { body: { nickname: 'n', username: unique() } }),
    required('password'),
  ],
  [
    'a required field that is null',
    (server) => post(server, stamps({ password: null })),
    required('password'),
  ],
  [
    'a required field that is empty',
    (server) => post(server, stamps({ password: '' })),
    required('password'),
  ],
  [
    'a number in place of a text',
    (server) => post(server, stamps({ password: 12345678 })),
    invalid('password'),
  ],
  [
    'a value outside of an enum',
    async (server) =>
      server.request('PUT', `/v1/connections/carriers/ups/${await connectPublished(server, 'ups')}`, {
        body: { nickname: 'n', account_postal_code: '1', account_country_code: 'US', pickup_type: 'never' },
      }),
    invalid('pickup_type'),
  ],
  [
    'no e-mail address',
    (server) =>
      post(server, { body: { ...connectBodies.fedex, email: 'nobody' } }, '/v1/connections/carriers/fedex'),
    invalid('email'),
  ],
  [
    'a lone surrogate',
    (server) => post(server, { raw: `{"nickname":"n","username":"${unique()}","password":"\\ud800"}` }),
    invalid('password'),
  ],
  ['a C1 control character', (server) => post(server, stamps({ password: 'a\u0085b' })), invalid('password')],
  ['a control character', (server) => post(server, stamps({ password: 'a\u0007b' })), invalid('password')],
  [
    'a field that some other carrier has',
    (server) => post(server, stamps({ api_key: 'k' })),
    invalid('api_key'),
  ],
  ['a field that no carrier has', (server) => post(server, stamps({ s3cretValueAsName: 'k' })), invalid()],
  [
    'a text too short',
    (server) =>
      post(
        server,
        { body: { ...connectBodies.mondial_relay, api_key: '1234567' } },
        '/v1/connections/carriers/mondial_relay',
      ),
    length('api_key'),
  ],
  ['a text too long', (server) => post(server, stamps({ nickname: 'n'.repeat(101) })), length('nickname')],
  [
    'two spellings of one thing',
    (server) =>
      post(
        server,
        { body: { ...connectBodies.chronopost, injection_address_heading: {}, city: 'Lyon' } },
        '/v1/connections/carriers/chronopost',
      ),
    { status: 400, type: 'validation', code: 'field_conflict', field: 'city' },
  ],
  ['a malformed carrier_id', (server) => server.request('DELETE', `${STAMPS}/abc`), malformedId],
  [
    'a carrier_id that is too long',
    (server) => server.request('DELETE', `${STAMPS}/se-${'0'.repeat(30)}`),
    malformedId,
  ],
  ['an unknown carrier_id', (server) => server.request('DELETE', `${STAMPS}/${ABSENT}`), notConnected],
  ['a short unknown carrier_id', (server) => server.request('DELETE', `${STAMPS}/se-1`), notConnected],
  [
    'a carrier_id of another carrier',
    async (server) => server.request('DELETE', `${STAMPS}/${await connectPublished(server, 'ups')}`),
    notConnected,
  ],
  [
    'an unknown carrier name',
    (server) => post(server, stamps({}), '/v1/connections/carriers/pigeon_post'),
    unsupported(404),
  ],
  [
    'an unknown SCAC',
    (server) => post(server, { body: { credentials: { key: 'k' } } }, '/v-beta/ltl/connections/ZZZZ'),
    unsupported(400, 'carrier'),
  ],
  [
    'a sandbox SCAC in production',
    (server) => post(server, { body: { credentials: {} } }, '/v-beta/ltl/connections/TEST'),
    unsupported(400, 'carrier'),
  ],
  [
    'a carrier that has ceased',
    (server) => post(server, { body: { credentials: { key: 'k' } } }, '/v-beta/ltl/connections/CENF'),
    unsupported(400),
  ],
  [
    'a carrier of the platform wallet',
    (server) => post(server, { body: { nickname: 'n' } }, '/v1/connections/carriers/ups_walleted'),
    unsupported(400),
  ],
  [
    'an update that the carrier does not know',
    async (server) => {
      const path = '/v1/connections/carriers/amazon_shipping_uk'
      const { json } = await post(server, { body: { nickname: 'n', auth_code: 'once' } }, path)
      return server.request('PUT', `${path}/${json.carrier_id}`, {
        body: { nickname: 'n', auth_code: 'twice' },
      })
    },
    unsupported(400),
  ],
  [
    'settings of a carrier without',
    async (server) => server.request('GET', `${STAMPS}/${await connectPublished(server)}/settings`),
    { status: 404, type: 'business_rules', code: 'settings_not_supported' },
  ],
  [
    'an account that is connected already',
    async (server) => (
      await connectPublished(server, 'stamps_com', { username: 'twice' }),
      post(server, stamps({ username: ' TWICE ' }))
    ),
    { status: 409, type: 'business_rules', code: 'identifier_conflict' },
  ],
  [
    'terms not accepted',
    (server) =>
      post(
        server,
        { body: { ...connectBodies.fedex, agree_to_eula: false } },
        '/v1/connections/carriers/fedex',
      ),
    { status: 400, type: 'business_rules', code: 'terms_not_accepted', field: 'agree_to_eula' },
  ],
  [
    'a stale version',
    async (server) =>
      server.request('DELETE', `${STAMPS}/${await connectPublished(server)}`, {
        headers: { 'If-Match': '"v7"' },
      }),
    { status: 412, type: 'business_rules', code: 'invalid_status' },
  ],
  [
    'credentials that the sandbox carrier refuses',
    async (server) =>
      post(
        server,
        { body: { credentials: {} }, key: await server.newKey({ environment: 'sandbox' }) },
        '/v-beta/ltl/connections/FAIL',
      ),
    { status: 400, type: 'account_status', code: 'verification_failure', source: 'carrier' },
  ],
  [
    'funds for a connection',
    async (server) =>
      server.request('PUT', `/v1/carriers/${await connectPublished(server)}/add_funds`, {
        body: { currency: 'usd', amount: 25 },
      }),
    { status: 400, type: 'business_rules', code: 'auto_fund_not_supported' },
  ],
  [
    'an unknown route',
    (server) => server.request('GET', '/v1/nothing'),
    { status: 404, type: 'validation', code: 'unspecified' },
  ],
  [
    'an unknown method',
    (server) => server.request('PATCH', '/v1/carriers'),
    { status: 405, type: 'validation', code: 'unspecified' },
  ],
]
