import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeApiKey } from '../../../src/tenants/keys/api-key-format.ts'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { Answer, TestServer, RequestOptions } from '../../support/server/test-server.ts'
import { connect } from '../../support/connections/connect.ts'

const STAMPS = '/v1/connections/carriers/stamps_com'
const ABSENT = 'se-0000000000000000'

type Expected = { status: number; type: string; code: string; source?: string; field?: string }
type Row = [condition: string, ask: (server: TestServer) => Promise<Answer>, expected: Expected]

const post = (server: TestServer, options: RequestOptions, path = STAMPS) =>
  server.request('POST', path, options)
const stamps = (more: Record<string, unknown>) => ({
  body: { ...connectBodies.stamps_com, username: unique(), ...more },
})

const connectPublished = (
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

/** Every refusal, as the public contract and its decided gaps have it. */
const rows: Row[] = [
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

onEveryDatabase('refusals', (server) => {
  for (const [condition, ask, expected] of rows)
    test(`${condition} is answered ${expected.status} ${expected.code}`, async () => {
      const before = await audit(server())
      const answer = await ask(server())
      assert.equal(answer.status, expected.status, answer.text)
      const [error, ...others] = answer.json.errors
      assert.deepEqual(others, [])
      const { message, carrier_id: _id, carrier_code: _code, ...rest } = error
      assert.deepEqual(rest, {
        error_source: expected.source ?? 'shipengine',
        error_type: expected.type,
        error_code: expected.code,
        ...(expected.field ? { field_name: expected.field } : {}),
      })
      assert.match(
        message,
        /^[A-Z].*[.R?]$|^[a-z_]+(\.[a-z_]+)* .*\.$|^Invalid carrier SCAC$/,
        'the message is a sentence',
      )
      const seen = Math.max(...before.map(({ seq }) => seq))
      const isAccess = answer.status === 401 || answer.status === 403
      const setUp = (await audit(server())).filter(
        ({ seq, action }) =>
          seq > seen &&
          !/^(api_key\.|connection\.connected$)/.test(action) &&
          !(isAccess && /^auth(entication\.failed|orization\.refused)$/.test(action)),
      )
      assert.deepEqual(
        setUp,
        [],
        'a refusal leaves no trace but what was set up for it, or of refused access',
      )
    })

  test('405 names the methods that there are', async () => {
    const answer = await server().request('PATCH', '/v1/carriers')
    assert.equal(answer.headers.allow, 'GET, HEAD')
  })

  test('409 names the connection that stands for the account', async () => {
    const first = await connectPublished(server(), 'colissimo', { username: 'the-one' })
    const second = await server().request('POST', '/v1/connections/carriers/colissimo', {
      body: { nickname: 'n', username: 'the-one', password: 'p' },
    })
    assert.equal(second.json.errors[0].carrier_id, first)
  })

  test('lengths stand in the message', async () => {
    const answer = await post(server(), stamps({ nickname: 'n'.repeat(101) }))
    assert.match(answer.json.errors[0].message, /at most 100 characters/)
  })

  test('all bad fields are told at once, in the order of the carrier’s own list', async () => {
    const answer = await server().request('POST', '/v1/connections/carriers/fedex', {
      body: { nickname: 5, agree_to_eula: false, email: 'x', city: '', zip: 'q', nonsense: 1 },
    })
    const fields = answer.json.errors.map(({ field_name }: { field_name?: string }) => field_name)
    assert.deepEqual(fields, [
      'account_number',
      'address1',
      'city',
      'country_code',
      'email',
      'first_name',
      'last_name',
      'phone',
      'postal_code',
      'state',
      'nickname',
      'agree_to_eula',
      undefined,
    ])
  })

  test('a foreign id, an absent one and one of another carrier are answered alike, byte for byte', async () => {
    const own = await connectPublished(server(), 'ups')
    const foreignTenant = await server().newTenant()
    const foreignKey = await server().newKey({ tenantId: foreignTenant })
    const sandboxKey = await server().newKey({ environment: 'sandbox' })
    const { json } = await post(server(), { ...stamps({}), key: foreignKey })
    const { json: other } = await post(server(), { ...stamps({}), key: sandboxKey })
    for (const [method, suffix] of [
      ['PUT', ''],
      ['DELETE', ''],
      ['GET', ''],
      ['GET', '/settings'],
      ['PUT', '/settings'],
    ] as const) {
      const texts = new Set<string>()
      for (const id of [json.carrier_id, other.carrier_id, ABSENT, own]) {
        const answer = await server().request(
          method,
          `${STAMPS}/${id}${suffix}`,
          method === 'PUT' ? { body: {} } : {},
        )
        assert.equal(answer.status, 404)
        texts.add(answer.text.replace(answer.json.request_id, ''))
      }
      assert.equal(texts.size, 1, `${method} ${suffix}`)
    }
  })
})

async function audit(server: TestServer): Promise<{ seq: number; action: string }[]> {
  return (await server.request('GET', '/v1/audit?page_size=500')).json.events
}
