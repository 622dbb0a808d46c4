import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeApiKey } from '../../src/tenants/api-key-format.ts'
import { connectBodies, unique } from '../support/bodies.ts'
import { onEveryDatabase, type Answer, type House, type RequestOptions } from '../support/harness.ts'

const STAMPS = '/v1/connections/carriers/stamps_com'
const ABSENT = 'se-0000000000000000'

type Expected = { status: number; type: string; code: string; source?: string; field?: string }
type Row = [condition: string, ask: (house: House) => Promise<Answer>, expected: Expected]

const connect = (house: House, options: RequestOptions, path = STAMPS) => house.request('POST', path, options)
const stamps = (more: Record<string, unknown>) => ({
  body: { ...connectBodies.stamps_com, username: unique(), ...more },
})

async function connected(
  house: House,
  carrier: keyof typeof connectBodies = 'stamps_com',
  more = {},
): Promise<string> {
  const body = { ...connectBodies[carrier], allow_duplicate_account_number: true, ...more }
  const answer = await house.request('POST', `/v1/connections/carriers/${carrier}`, { body })
  assert.equal(answer.status, 200, answer.text)
  return answer.json.carrier_id
}

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
  ['no key', (house) => house.request('GET', '/v1/carriers', { key: '' }), unauthorized],
  [
    'a key of another form',
    (house) => house.request('GET', '/v1/carriers', { key: 'TEST_something' }),
    unauthorized,
  ],
  [
    'a key whose checksum is off',
    (house) => house.request('GET', '/v1/carriers', { key: `${house.key.slice(0, -1)}_` }),
    unauthorized,
  ],
  [
    'an unknown key',
    (house) =>
      house.request('GET', '/v1/carriers', {
        key: makeApiKey('production').text,
      }),
    unauthorized,
  ],
  [
    'an expired key',
    async (house) =>
      house.request('GET', '/v1/carriers', {
        key: await house.newKey({ expiresAt: '2020-01-01T00:00:00.000Z' }),
      }),
    unauthorized,
  ],
  [
    'a key without the scope',
    async (house) => connect(house, { ...stamps({}), key: await house.newKey({ scopes: ['read'] }) }),
    forbidden,
  ],
  [
    'On-Behalf-Of with a key that is no partner’s',
    (house) => house.request('GET', '/v1/carriers', { headers: { 'On-Behalf-Of': house.tenantId } }),
    forbidden,
  ],
  ['no body', (house) => connect(house, {}), noBody],
  ['a body that is null', (house) => connect(house, { raw: 'null' }), noBody],
  ['truncated JSON', (house) => connect(house, { raw: '{"nickname":"n"' }), notJson],
  [
    'JSON that is not UTF-8',
    (house) => connect(house, { raw: Buffer.from('{"nickname":"\xe9"}', 'latin1') }),
    notJson,
  ],
  ['a member given twice', (house) => connect(house, { raw: '{"nickname":"a","nickname":"b"}' }), notJson],
  ['nesting too deep', (house) => connect(house, { raw: `${'{"a":'.repeat(9)}1${'}'.repeat(9)}` }), notJson],
  ['a member named __proto__', (house) => connect(house, { raw: '{"__proto__":{"nickname":"n"}}' }), notJson],
  ['an array', (house) => connect(house, { raw: '[]' }), notJson],
  ['a string', (house) => connect(house, { raw: '"text"' }), notJson],
  [
    'another content type',
    (house) => connect(house, { ...stamps({}), headers: { 'content-type': 'text/plain' } }),
    { status: 415, type: 'validation', code: 'unspecified' },
  ],
  [
    'a body over 64 KiB',
    (house) => connect(house, stamps({ password: 'x'.repeat(65_600) })),
    { status: 413, type: 'validation', code: 'unspecified' },
  ],
  [
    'a missing field',
    (house) => connect(house, { body: { nickname: 'n', username: unique() } }),
    required('password'),
  ],
  [
    'a required field that is null',
    (house) => connect(house, stamps({ password: null })),
    required('password'),
  ],
  [
    'a required field that is empty',
    (house) => connect(house, stamps({ password: '' })),
    required('password'),
  ],
  [
    'a number in place of a text',
    (house) => connect(house, stamps({ password: 12345678 })),
    invalid('password'),
  ],
  [
    'a value outside of an enum',
    async (house) =>
      house.request('PUT', `/v1/connections/carriers/ups/${await connected(house, 'ups')}`, {
        body: { nickname: 'n', account_postal_code: '1', account_country_code: 'US', pickup_type: 'never' },
      }),
    invalid('pickup_type'),
  ],
  [
    'no e-mail address',
    (house) =>
      connect(house, { body: { ...connectBodies.fedex, email: 'nobody' } }, '/v1/connections/carriers/fedex'),
    invalid('email'),
  ],
  [
    'a lone surrogate',
    (house) => connect(house, { raw: `{"nickname":"n","username":"${unique()}","password":"\\ud800"}` }),
    invalid('password'),
  ],
  [
    'a C1 control character',
    (house) => connect(house, stamps({ password: 'a\u0085b' })),
    invalid('password'),
  ],
  ['a control character', (house) => connect(house, stamps({ password: 'a\u0007b' })), invalid('password')],
  [
    'a field that some other carrier has',
    (house) => connect(house, stamps({ api_key: 'k' })),
    invalid('api_key'),
  ],
  ['a field that no carrier has', (house) => connect(house, stamps({ s3cretValueAsName: 'k' })), invalid()],
  [
    'a text too short',
    (house) =>
      connect(
        house,
        { body: { ...connectBodies.mondial_relay, api_key: '1234567' } },
        '/v1/connections/carriers/mondial_relay',
      ),
    length('api_key'),
  ],
  ['a text too long', (house) => connect(house, stamps({ nickname: 'n'.repeat(101) })), length('nickname')],
  [
    'two spellings of one thing',
    (house) =>
      connect(
        house,
        { body: { ...connectBodies.chronopost, injection_address_heading: {}, city: 'Lyon' } },
        '/v1/connections/carriers/chronopost',
      ),
    { status: 400, type: 'validation', code: 'field_conflict', field: 'city' },
  ],
  ['a malformed carrier_id', (house) => house.request('DELETE', `${STAMPS}/abc`), malformedId],
  [
    'a carrier_id that is too long',
    (house) => house.request('DELETE', `${STAMPS}/se-${'0'.repeat(30)}`),
    malformedId,
  ],
  ['an unknown carrier_id', (house) => house.request('DELETE', `${STAMPS}/${ABSENT}`), notConnected],
  ['a short unknown carrier_id', (house) => house.request('DELETE', `${STAMPS}/se-1`), notConnected],
  [
    'a carrier_id of another carrier',
    async (house) => house.request('DELETE', `${STAMPS}/${await connected(house, 'ups')}`),
    notConnected,
  ],
  [
    'an unknown carrier name',
    (house) => connect(house, stamps({}), '/v1/connections/carriers/pigeon_post'),
    unsupported(404),
  ],
  [
    'an unknown SCAC',
    (house) => connect(house, { body: { credentials: { key: 'k' } } }, '/v-beta/ltl/connections/ZZZZ'),
    unsupported(400, 'carrier'),
  ],
  [
    'a sandbox SCAC in production',
    (house) => connect(house, { body: { credentials: {} } }, '/v-beta/ltl/connections/TEST'),
    unsupported(400, 'carrier'),
  ],
  [
    'a carrier that has ceased',
    (house) => connect(house, { body: { credentials: { key: 'k' } } }, '/v-beta/ltl/connections/CENF'),
    unsupported(400),
  ],
  [
    'a carrier of the platform wallet',
    (house) => connect(house, { body: { nickname: 'n' } }, '/v1/connections/carriers/ups_walleted'),
    unsupported(400),
  ],
  [
    'an update that the carrier does not know',
    async (house) => {
      const path = '/v1/connections/carriers/amazon_shipping_uk'
      const { json } = await connect(house, { body: { nickname: 'n', auth_code: 'once' } }, path)
      return house.request('PUT', `${path}/${json.carrier_id}`, {
        body: { nickname: 'n', auth_code: 'twice' },
      })
    },
    unsupported(400),
  ],
  [
    'settings of a carrier without',
    async (house) => house.request('GET', `${STAMPS}/${await connected(house)}/settings`),
    { status: 404, type: 'business_rules', code: 'settings_not_supported' },
  ],
  [
    'an account that is connected already',
    async (house) => (
      await connected(house, 'stamps_com', { username: 'twice' }),
      connect(house, stamps({ username: ' TWICE ' }))
    ),
    { status: 409, type: 'business_rules', code: 'identifier_conflict' },
  ],
  [
    'terms not accepted',
    (house) =>
      connect(
        house,
        { body: { ...connectBodies.fedex, agree_to_eula: false } },
        '/v1/connections/carriers/fedex',
      ),
    { status: 400, type: 'business_rules', code: 'terms_not_accepted', field: 'agree_to_eula' },
  ],
  [
    'a stale version',
    async (house) =>
      house.request('DELETE', `${STAMPS}/${await connected(house)}`, { headers: { 'If-Match': '"v7"' } }),
    { status: 412, type: 'business_rules', code: 'invalid_status' },
  ],
  [
    'credentials that the sandbox carrier refuses',
    async (house) =>
      connect(
        house,
        { body: { credentials: {} }, key: await house.newKey({ environment: 'sandbox' }) },
        '/v-beta/ltl/connections/FAIL',
      ),
    { status: 400, type: 'account_status', code: 'verification_failure', source: 'carrier' },
  ],
  [
    'funds for a connection',
    async (house) =>
      house.request('PUT', `/v1/carriers/${await connected(house)}/add_funds`, {
        body: { currency: 'usd', amount: 25 },
      }),
    { status: 400, type: 'business_rules', code: 'auto_fund_not_supported' },
  ],
  [
    'an unknown route',
    (house) => house.request('GET', '/v1/nothing'),
    { status: 404, type: 'validation', code: 'unspecified' },
  ],
  [
    'an unknown method',
    (house) => house.request('PATCH', '/v1/carriers'),
    { status: 405, type: 'validation', code: 'unspecified' },
  ],
]

onEveryDatabase('refusals', (house) => {
  for (const [condition, ask, expected] of rows)
    test(`${condition} is answered ${expected.status} ${expected.code}`, async () => {
      const before = await audit(house())
      const answer = await ask(house())
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
      const setUp = (await audit(house())).filter(
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
    const answer = await house().request('PATCH', '/v1/carriers')
    assert.equal(answer.headers.allow, 'GET, HEAD')
  })

  test('409 names the connection that stands for the account', async () => {
    const first = await connected(house(), 'colissimo', { username: 'the-one' })
    const second = await house().request('POST', '/v1/connections/carriers/colissimo', {
      body: { nickname: 'n', username: 'the-one', password: 'p' },
    })
    assert.equal(second.json.errors[0].carrier_id, first)
  })

  test('lengths stand in the message', async () => {
    const answer = await connect(house(), stamps({ nickname: 'n'.repeat(101) }))
    assert.match(answer.json.errors[0].message, /at most 100 characters/)
  })

  test('all bad fields are told at once, in the order of the carrier’s own list', async () => {
    const answer = await house().request('POST', '/v1/connections/carriers/fedex', {
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
    const own = await connected(house(), 'ups')
    const foreignTenant = await house().newTenant()
    const foreignKey = await house().newKey({ tenantId: foreignTenant })
    const sandboxKey = await house().newKey({ environment: 'sandbox' })
    const { json } = await connect(house(), { ...stamps({}), key: foreignKey })
    const { json: other } = await connect(house(), { ...stamps({}), key: sandboxKey })
    for (const [method, suffix] of [
      ['PUT', ''],
      ['DELETE', ''],
      ['GET', ''],
      ['GET', '/settings'],
      ['PUT', '/settings'],
    ] as const) {
      const texts = new Set<string>()
      for (const id of [json.carrier_id, other.carrier_id, ABSENT, own]) {
        const answer = await house().request(
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

async function audit(house: House): Promise<{ seq: number; action: string }[]> {
  return (await house.request('GET', '/v1/audit?page_size=500')).json.events
}
