import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { TestServer } from '../../support/server/test-server.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'

const path = (carrier: string) => `/v1/connections/carriers/${carrier}`
const stamps = (more = {}) => ({ body: { ...connectBodies.stamps_com, username: unique(), ...more } })

async function listed(server: TestServer, id: string) {
  const { json } = await server.request('GET', '/v1/carriers')
  return json.carriers.find(({ carrier_id }: { carrier_id: string }) => carrier_id === id)
}

onEveryDatabase('connect', (server) => {
  test('answers 200 with the new carrier_id and nothing else', async () => {
    const answer = await server().request('POST', path('stamps_com'), stamps())
    assert.equal(answer.status, 200)
    assert.deepEqual(Object.keys(answer.json), ['carrier_id'])
    assert.match(answer.json.carrier_id, /^se-[0-9a-v]{16}$/)
    assert.equal(answer.headers.etag, '"v1"')
    assert.deepEqual(answer.headers['hawser-notice'], ['unverified_unasked'])
  })

  test('carriers are found in any letter case, with hyphens, and under their aliases', async () => {
    for (const name of ['STAMPS_COM', 'stamps-com', 'Stamps-Com'])
      assert.equal((await server().request('POST', path(name), stamps())).status, 200)
    const { json } = await server().request('POST', path('dhl-express-CANADA'), {
      body: { nickname: 'n', account_number: unique() },
    })
    assert.equal((await listed(server(), json.carrier_id)).carrier_code, 'dhl_express_ca')
  })

  test('null for an optional field means that it is absent', async () => {
    const { json } = await server().request('POST', path('dhl_express'), {
      body: { ...connectBodies.dhl_express, account_number: unique(), site_id: null, password: null },
    })
    const state = await server().request('GET', `${path('dhl_express')}/${json.carrier_id}`)
    assert.deepEqual(state.json.fields.site_id, { set: false, secret: false })
    assert.deepEqual(state.json.fields.password, { set: false, secret: true })
  })

  test('DHL Express takes site_id and password together or not at all', async () => {
    const body = { ...connectBodies.dhl_express, account_number: unique(), site_id: 's' }
    const answer = await server().request('POST', path('dhl_express'), { body })
    assert.deepEqual(
      answer.json.errors.map((error: { field_name: string }) => error.field_name),
      ['password'],
    )
    assert.equal(
      (await server().request('POST', path('dhl_express'), { body: { ...body, password: 'p' } })).status,
      200,
    )
  })

  test('the same account is refused once, also under another spelling, and not in the other environment', async () => {
    const username = unique('Account')
    const connect = (body: object, key = server().key) =>
      server().request('POST', path('stamps_com'), { body, key })
    const body = { ...connectBodies.stamps_com, username }
    assert.equal((await connect(body)).status, 200)
    assert.equal((await connect(body)).status, 409)
    assert.equal((await connect({ ...body, username: `  ${username.toUpperCase()} ` })).status, 409)
    assert.equal((await connect(body, await server().newKey({ environment: 'sandbox' }))).status, 200)
    assert.equal(
      (await connect(body, await server().newKey({ tenantId: await server().newTenant() }))).status,
      200,
    )
  })

  test('allow_duplicate_account_number overrides it, as a truth value and as text, and is stored nowhere', async () => {
    const body = { ...connectBodies.stamps_com, username: unique() }
    const connect = (allow_duplicate_account_number: unknown) =>
      server().request('POST', path('stamps_com'), { body: { ...body, allow_duplicate_account_number } })
    assert.equal((await connect('false')).status, 200)
    assert.equal((await connect(false)).status, 409)
    assert.equal((await connect('yes')).json.errors[0].field_name, 'allow_duplicate_account_number')
    const ids = [await connect(true), await connect('true')].map(({ json }) => json.carrier_id)
    const state = await server().request('GET', `${path('stamps_com')}/${ids[0]}`)
    assert.deepEqual(Object.keys(state.json.fields), ['nickname', 'username', 'password'])
    const audit = await server().request('GET', `/v1/audit?carrier_id=${ids[0]}`)
    assert.deepEqual(audit.json.events[0].fields, ['nickname', 'username', 'password'])
  })

  test('a carrier whose account has no identifier is not checked', async () => {
    const body = { nickname: 'n', token: 'same' }
    for (let turn = 0; turn < 2; turn += 1)
      assert.equal((await server().request('POST', path('epg_shipping'), { body })).status, 200)
  })

  test('of simultaneous connects of one account exactly one succeeds', async () => {
    const body = { ...connectBodies.stamps_com, username: unique() }
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => server().request('POST', path('stamps_com'), { body })),
    )
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409, 409, 409, 409, 409, 409])
  })

  test('the first connection of a carrier is its primary one, in each environment', async () => {
    const connect = (key = server().key) =>
      server().request('POST', path('endicia'), {
        body: { ...connectBodies.endicia, account: unique() },
        key,
      })
    const first = (await connect()).json.carrier_id
    const second = (await connect()).json.carrier_id
    assert.equal((await listed(server(), first)).primary, true)
    assert.equal((await listed(server(), second)).primary, false)
    const sandbox = await server().newKey({ environment: 'sandbox' })
    const { json } = await connect(sandbox)
    const there = await server().request('GET', `/v1/carriers/${json.carrier_id}`, { key: sandbox })
    assert.equal(there.json.primary, true)
  })

  test('text is kept byte for byte, and what pasting may have left in a key is told in a notice', async () => {
    const password = ' “pass\u200bword” '
    const { json, headers } = await server().request(
      'POST',
      path('stamps_com'),
      stamps({ password, nickname: '  ö𝄞 ' }),
    )
    assert.deepEqual([headers['hawser-notice']].flat(), [
      'surrounding_white_space; field=password',
      'smart_quotes; field=password',
      'zero_width_characters; field=password',
      'unverified_unasked',
    ])
    assert.equal((await listed(server(), json.carrier_id)).nickname, '  ö𝄞 ')
    assert.equal((await storedConnection(server(), json.carrier_id)).credentials.password, password)
  })

  test('a carrier that another replaces connects, and says so', async () => {
    const answer = await server().request('POST', path('rr_donnelley'), {
      body: { nickname: 'n', username: unique(), password: 'p' },
    })
    assert.deepEqual([answer.headers['hawser-notice']].flat(), ['superseded_by_epg_shipping'])
  })

  test('the audit log names the fields, never a secret, and the actor', async () => {
    const { json, headers } = await server().request('POST', path('stamps_com'), stamps())
    const { events } = (await server().request('GET', `/v1/audit?carrier_id=${json.carrier_id}`)).json
    assert.equal(events.length, 1)
    const { seq: _seq, at: _at, ip, actor, request_id, changes, ...rest } = events[0]
    const shown = changes.map(({ field }: { field: string }) => field)
    assert.deepEqual(shown, ['nickname', 'is_primary_account', 'username'])
    assert.deepEqual(rest, {
      action: 'connection.connected',
      carrier_id: json.carrier_id,
      key_id: null,
      subject: null,
      changes_lost: null,
      fields: ['nickname', 'username', 'password'],
      version: 1,
      outcome: 'unverified',
    })
    assert.equal(request_id, headers['x-shipengine-requestid'])
    assert.equal(actor, `key:${server().key.split('_')[1]}`)
    assert.equal(ip, '127.0.0.1')
  })
})
