import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { TestServer } from '../../support/server/test-server.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'
import { auditTrail } from '../../support/audit/audit-events.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const ROOT = '/v-beta/ltl'
const ABSENT = '6d989d94-0eb2-41cc-a0da-3f476a17d1b4'
const fxfe = (more = {}) => ({ credentials: { key: 'key-1', account_number: unique(), ...more } })

async function connectFreight(server: TestServer, scac = 'FXFE', body: object = fxfe()): Promise<string> {
  const answer = await server.request('POST', `${ROOT}/connections/${scac}`, { body })
  assert.equal(answer.status, 200, answer.text)
  return answer.json.carrier_id
}

onEveryDatabase('LTL', (server) => {
  const ask = (method: string, path: string, options = {}) => server().request(method, ROOT + path, options)
  const codeOf = (answer: { json: { errors: { error_code: string }[] } }) => answer.json.errors[0]?.error_code

  test('connect answers a UUID and nothing else', async () => {
    const answer = await ask('POST', '/connections/FXFE', { body: fxfe() })
    assert.equal(answer.status, 200)
    assert.deepEqual(Object.keys(answer.json), ['carrier_id'])
    assert.match(answer.json.carrier_id, UUID)
  })

  test('SCACs are matched in any letter case, and the listing shows the one of the connect', async () => {
    const id = await connectFreight(server(), 'fxnl')
    const { json } = await ask('GET', `/carriers/${id}`)
    assert.equal(json.carriers[0].scac, 'FXNL')
    for (const scac of ['FXFE', 'fxfc', 'FXNL'])
      assert.equal((await ask('PUT', `/connections/${scac}/${id}`, { body: fxfe() })).status, 200)
    assert.equal((await ask('PUT', `/connections/ODFL/${id}`, { body: fxfe() })).status, 404)
  })

  test('FedEx Freight takes key and account number, or all six fields, and nothing between', async () => {
    const six = {
      account_number: 'a',
      key: 'k',
      password: 'p',
      secret: 's',
      securitycode: 'c',
      username: 'u',
    }
    await connectFreight(server(), 'FXFE', { credentials: six })
    const fieldsOf = async (credentials: object) =>
      (await ask('POST', '/connections/FXFE', { body: { credentials } })).json.errors.map(
        (error: { field_name: string }) => error.field_name,
      )
    assert.deepEqual(await fieldsOf({ key: 'k' }), ['credentials.account_number'])
    assert.deepEqual(await fieldsOf({}), ['credentials.account_number', 'credentials.key'])
    assert.deepEqual(await fieldsOf({ key: 'k', account_number: 'a', password: 'p' }), [
      'credentials.secret',
      'credentials.securitycode',
      'credentials.username',
    ])
  })

  test('a documented carrier asks for all its fields', async () => {
    const answer = await ask('POST', '/connections/ODFL', { body: { credentials: { username: 'u' } } })
    assert.deepEqual(
      answer.json.errors.map((error: { field_name: string }) => error.field_name),
      ['credentials.password', 'credentials.account_number'],
    )
  })

  test('a carrier whose fields are not public takes any of the six names, and at least one', async () => {
    await connectFreight(server(), 'EXLA', { credentials: { securitycode: 'c' } })
    const none = await ask('POST', '/connections/EXLA', { body: { credentials: {} } })
    assert.equal(codeOf(none), 'field_value_required')
    assert.equal(none.json.errors[0].field_name, 'credentials')
    const other = await ask('POST', '/connections/EXLA', { body: { credentials: { token: 'secret-token' } } })
    assert.equal(codeOf(other), 'invalid_field_value')
  })

  test('credentials have to be an object, and nothing stands beside them', async () => {
    for (const [body, field] of [
      [{}, 'credentials'],
      [{ credentials: null }, 'credentials'],
      [{ credentials: 'text' }, 'credentials'],
      [{ ...fxfe(), nickname: 'n' }, 'nickname'],
    ] as const) {
      const answer = await ask('POST', '/connections/FXFE', { body })
      assert.equal(answer.status, 400)
      assert.equal(answer.json.errors[0].field_name, field)
    }
  })

  test('update replaces the whole set and keeps the id', async () => {
    const account_number = unique()
    const id = await connectFreight(server(), 'UPGF', {
      credentials: { username: 'u', password: 'p', key: 'k', account_number },
    })
    const answer = await ask('PUT', `/connections/UPGF/${id}`, {
      body: { credentials: { username: 'u2', password: 'p2', key: 'k2', account_number } },
    })
    assert.deepEqual(answer.json, { carrier_id: id })
    assert.equal(answer.headers.etag, '"v2"')
    const generic = await connectFreight(server(), 'SEFL', { credentials: { username: 'u', password: 'p' } })
    await ask('PUT', `/connections/SEFL/${generic}`, { body: { credentials: { key: 'only' } } })
    assert.deepEqual((await storedConnection(server(), generic)).credentials, { key: 'only' })
    assert.deepEqual((await auditTrail(server(), generic))[1], [
      'connection.updated',
      ['username', 'password', 'key'],
      2,
    ])
  })

  test('a refused update changes nothing', async () => {
    const id = await connectFreight(server())
    const before = await storedConnection(server(), id)
    for (const body of [{ credentials: {} }, { credentials: { key: 5, account_number: 'a' } }])
      assert.equal((await ask('PUT', `/connections/FXFE/${id}`, { body })).status, 400)
    assert.deepEqual(await storedConnection(server(), id), before)
  })

  test('an unknown id is 404, a malformed one too', async () => {
    assert.equal(
      codeOf(await ask('PUT', `/connections/FXFE/${ABSENT}`, { body: fxfe() })),
      'carrier_not_connected',
    )
    assert.equal(codeOf(await ask('GET', '/carriers/se-1')), 'invalid_identifier')
    assert.equal(codeOf(await ask('GET', `/carriers/${ABSENT.toUpperCase()}`)), 'invalid_identifier')
    assert.equal(codeOf(await server().request('GET', `/v1/carriers/${ABSENT}`)), 'invalid_identifier')
  })

  test('a second connection of one account goes through, and the first is named in a notice', async () => {
    const body = fxfe()
    const first = await connectFreight(server(), 'FXFE', body)
    const answer = await ask('POST', '/connections/FXFE', { body })
    assert.equal(answer.status, 200)
    assert.deepEqual([answer.headers['hawser-notice']].flat(), [
      'unverified_unasked',
      `account_already_connected; field=credentials.account_number; carrier_id=${first}`,
    ])
  })

  test('the spelling of the public description connects by body and answers the whole carrier', async () => {
    const answer = await ask('POST', '/carriers', {
      body: {
        carrier_code: 'upgf',
        nickname: 'Dock 4',
        credentials: { username: 'u', password: 'p', key: 'k', account_number: unique() },
      },
    })
    assert.equal(answer.status, 200)
    assert.deepEqual(Object.keys(answer.json), [
      'carrier_id',
      'name',
      'countries',
      'features',
      'options',
      'packages',
    ])
    assert.deepEqual(answer.json.packages[0], { code: 'bag', name: 'Bag' })
    const { row } = await storedConnection(server(), answer.json.carrier_id)
    assert.equal(row.nickname, 'Dock 4')
    assert.equal(row.scac, 'UPGF')
    const update = await ask('PUT', `/carriers/${answer.json.carrier_id}`, {
      body: { credentials: { username: 'u', password: 'p', key: 'k', account_number: 'z' } },
    })
    assert.deepEqual(update.json, { carrier_id: answer.json.carrier_id })
    const camel = { carrierCode: 'FXFE', nickName: 'Tr0ub4dor', credentials: { accountNumber: 'Tr0ub4dor' } }
    const misspelt = await ask('POST', '/carriers', { body: camel })
    const told = misspelt.json.errors.map(({ message }: { message: string }) => message.split('; ').at(-1))
    assert.deepEqual(told, [
      'carrier_code is required.',
      'did you mean carrier_code?',
      'did you mean nickname?',
    ])
    assert.ok(!misspelt.text.includes('Tr0ub4dor'))
    for (const carrier_code of [undefined, null, '', 5])
      assert.equal(
        (await ask('POST', '/carriers', { body: { ...fxfe(), carrier_code } })).json.errors[0].field_name,
        'carrier_code',
      )
    assert.equal(
      codeOf(await ask('POST', '/carriers', { body: { ...fxfe(), carrier_code: 'NONE' } })),
      'carrier_not_supported',
    )
  })

  test('lists connections in the published element, its keys in order, and nothing of the credentials', async () => {
    const key = await server().newKey({ tenantId: await server().newTenant() })
    assert.deepEqual((await ask('GET', '/carriers', { key })).json, { carriers: [] })
    const connect = (scac: string, credentials: object) =>
      ask('POST', `/connections/${scac}`, { key, body: { credentials } })
    await connect('UPGF', { username: 'u', password: 'hidden-1', key: 'hidden-2', account_number: 'a' })
    await connect('RLCA', { key: 'hidden-3' })
    const { json, text } = await ask('GET', '/carriers', { key })
    assert.deepEqual(
      json.carriers.map(({ scac }: { scac: string }) => scac),
      ['UPGF', 'RLCA'],
    )
    assert.deepEqual(Object.keys(json.carriers[0]), [
      'carrier_id',
      'countries',
      'credential_requirements',
      'document_types',
      'features',
      'name',
      'options',
      'packages',
      'scac',
      'services',
    ])
    assert.deepEqual(json.carriers[0].credential_requirements.password, { title: 'Password', type: 'string' })
    assert.doesNotMatch(text, /hidden/)
    assert.deepEqual((await server().request('GET', '/v1/carriers', { key })).json.carriers, [])
  })

  test('options, packages and services are asked by id, requirements and features by SCAC', async () => {
    const id = await connectFreight(server(), 'UPGF', {
      credentials: { username: 'u', password: 'p', key: 'k', account_number: unique() },
    })
    for (const list of ['options', 'packages', 'services']) {
      const { json } = await ask('GET', `/carriers/${id}/${list}`)
      assert.deepEqual(Object.keys(json), [list])
      assert.ok(json[list].length > 0)
    }
    const requirements = await ask('GET', '/carriers/fxfe/credential_requirements')
    assert.deepEqual(
      requirements.json.credential_requirements.map(({ name }: { name: string }) => name),
      ['account_number', 'key', 'password', 'secret', 'securitycode', 'username'],
    )
    assert.deepEqual((await ask('GET', '/carriers/CTII/features')).json, {
      features: ['documents', 'quote', 'tracking'],
    })
    assert.equal(codeOf(await ask('GET', '/carriers/ZZZZ/features')), 'carrier_not_supported')
  })

  test('the older paths with /v1 are the same routes', async () => {
    const { json } = await ask('POST', '/v1/connections/FXFE', { body: fxfe() })
    assert.equal((await ask('GET', `/v1/carriers/${json.carrier_id}/options`)).status, 200)
    assert.equal((await ask('GET', '/v1/carriers/FXFE/credential_requirements')).status, 200)
  })

  test('our delete obeys the rules of the parcel delete', async () => {
    const id = await connectFreight(server())
    assert.equal((await ask('DELETE', `/connections/ODFL/${id}`)).status, 404)
    assert.equal(
      (await ask('DELETE', `/connections/FXFE/${id}`, { headers: { 'If-Match': '"v2"' } })).status,
      412,
    )
    assert.equal((await ask('DELETE', `/connections/FXNL/${id}`)).status, 204)
    assert.equal((await ask('DELETE', `/connections/FXFE/${id}`)).status, 404)
    assert.equal((await ask('PUT', `/carriers/${id}`, { body: fxfe() })).status, 404)
  })

  test('in the sandbox TEST connects, WARN connects with a notice, FAIL refuses; in production none of them exists', async () => {
    const key = await server().newKey({ environment: 'sandbox' })
    const connect = (scac: string, body: object) => ask('POST', `/connections/${scac}`, { key, body })
    for (const body of [{ credentials: {} }, { credentials: null }, {}])
      assert.equal((await connect('test', body)).status, 200)
    const warned = await connect('WARN', { credentials: {} })
    assert.equal(warned.status, 200)
    assert.deepEqual([warned.headers['hawser-notice']].flat(), ['sandbox_warning'])
    const refused = await connect('FAIL', { credentials: {} })
    assert.equal(refused.status, 400)
    assert.equal(codeOf(refused), 'verification_failure')
    assert.equal(refused.json.errors[0].error_source, 'carrier')
    const { json } = await ask('GET', '/carriers/TEST/credential_requirements', { key })
    assert.deepEqual(json, { credential_requirements: [] })
    for (const scac of ['TEST', 'WARN', 'FAIL', 'SMCA'])
      assert.equal(
        codeOf(await ask('GET', `/carriers/${scac}/credential_requirements`)),
        'carrier_not_supported',
      )
  })
})
