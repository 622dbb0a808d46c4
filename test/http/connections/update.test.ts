import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { TestServer } from '../../support/server/test-server.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'
import { auditTrail } from '../../support/audit/audit-events.ts'
import { connect } from '../../support/connections/connect.ts'

type Carrier = keyof typeof connectBodies

const path = (carrier: Carrier, id = '') => `/v1/connections/carriers/${carrier}${id && `/${id}`}`

/** Connects the account of the public page, which other tests of this file connect too. */
const connectPublished = (server: TestServer, carrier: Carrier, more: object = {}): Promise<string> =>
  connect(server, carrier, {
    body: { ...connectBodies[carrier], allow_duplicate_account_number: true, ...more },
  })

const UPS = { nickname: 'Brown 2', account_postal_code: '78702', account_country_code: 'US' }

onEveryDatabase('update', (server) => {
  const put = (carrier: Carrier, id: string, body: object) =>
    server().request('PUT', path(carrier, id), { body })

  test('answers the carrier_id of the path, which stays for ever, and nothing else', async () => {
    const id = await connectPublished(server(), 'stamps_com')
    const answer = await put('stamps_com', id, {
      nickname: 'new',
      username: unique(),
      password: 'supersecret',
    })
    assert.equal(answer.status, 200)
    assert.deepEqual(answer.json, { carrier_id: id })
    assert.equal(answer.headers.etag, '"v2"')
  })

  test('a refusal leaves what was stored as it was, byte for byte, and no trace', async () => {
    const id = await connectPublished(server(), 'mondial_relay')
    const before = await storedConnection(server(), id)
    const attempts = [
      {},
      { nickname: 'n' },
      { nickname: 'n', api_key: 'short', enseigne: 'E' },
      { nickname: 'n', api_key: 12345678, enseigne: 'E' },
    ]
    for (const body of attempts) assert.equal((await put('mondial_relay', id, body)).status, 400)
    assert.deepEqual(await storedConnection(server(), id), before)
    assert.equal((await auditTrail(server(), id)).length, 1)
  })

  test('the required group is replaced, optional fields that are left out stay, null clears one', async () => {
    const id = await connectPublished(server(), 'ups')
    const guid = 'rate-key-123'
    await put('ups', id, {
      ...UPS,
      pickup_type: 'daily_pickup',
      invoice: 'INV-1',
      mail_innovations_customer_guid: guid,
    })
    await put('ups', id, { ...UPS, nickname: 'Brown 3', invoice: null })
    const { row, credentials, settings } = await storedConnection(server(), id)
    assert.equal(row.nickname, 'Brown 3')
    assert.deepEqual(credentials, {
      account_number: connectBodies.ups.account_number,
      account_country_code: 'US',
      mail_innovations_customer_guid: guid,
    })
    assert.deepEqual(settings, { account_postal_code: '78702', pickup_type: 'daily_pickup' })
  })

  test('an object is replaced whole', async () => {
    const id = await connectPublished(server(), 'chronopost', {
      injection_address_heading: { city: 'Lyon', name: 'Quai 3' },
    })
    const body = { nickname: 'C', account_number: connectBodies.chronopost.account_number, password: 'p' }
    await put('chronopost', id, { ...body, injection_address_heading: { city: 'Paris' } })
    assert.deepEqual((await storedConnection(server(), id)).credentials.injection_address_heading, {
      city: 'Paris',
    })
    await put('chronopost', id, body)
    assert.deepEqual((await storedConnection(server(), id)).credentials.injection_address_heading, {
      city: 'Paris',
    })
    await put('chronopost', id, { ...body, injection_address_heading: null })
    assert.equal((await storedConnection(server(), id)).credentials.injection_address_heading, undefined)
  })

  test('Chronopost’s address may stand at the top level, and no e-mail format is asked for there', async () => {
    const id = await connectPublished(server(), 'chronopost')
    const body = {
      nickname: 'C',
      account_number: '19869502',
      password: 'p',
      title: 'M',
      city: 'Lyon',
      email: 'not an address',
    }
    assert.equal((await put('chronopost', id, body)).status, 200)
    const { injection_address_heading } = (await storedConnection(server(), id)).credentials
    assert.deepEqual(injection_address_heading, { title: 'M', city: 'Lyon', email: 'not an address' })
    const long = await put('chronopost', id, { ...body, title: 'x'.repeat(14) })
    assert.equal(long.json.errors[0].field_name, 'injection_address_heading.title')
  })

  test('a new account takes no optional secret of the old one with it', async () => {
    const id = await connectPublished(server(), 'ups')
    await put('ups', id, {
      ...UPS,
      mail_innovations_customer_guid: 'old-rate-key',
      mail_innovations_customer_id: 'MI-1',
    })
    await put('ups', id, { ...UPS, account_number: unique('NEW') })
    const { credentials } = await storedConnection(server(), id)
    assert.equal(credentials.mail_innovations_customer_guid, undefined)
    assert.equal(credentials.mail_innovations_customer_id, 'MI-1')
    const [, , last] = await auditTrail(server(), id)
    assert.deepEqual(last, ['connection.updated', ['account_number', 'mail_innovations_customer_guid'], 3])
  })

  test('the same account in another spelling keeps them', async () => {
    const id = await connectPublished(server(), 'ups', { account_number: 'abc123' })
    await put('ups', id, { ...UPS, mail_innovations_customer_guid: 'rate-key' })
    await put('ups', id, { ...UPS, account_number: ' ABC123' })
    assert.equal(
      (await storedConnection(server(), id)).credentials.mail_innovations_customer_guid,
      'rate-key',
    )
  })

  test('negotiated rates cannot be switched off again, here or in the settings', async () => {
    const id = await connectPublished(server(), 'ups')
    await put('ups', id, { ...UPS, use_negotiated_rates: true })
    for (const value of [false, null]) {
      const answer = await put('ups', id, { ...UPS, use_negotiated_rates: value })
      assert.equal(answer.json.errors[0].error_code, 'invalid_field_value')
      assert.equal(answer.json.errors[0].field_name, 'use_negotiated_rates')
      const settings = await server().request('PUT', `${path('ups', id)}/settings`, {
        body: { use_negotiated_rates: value },
      })
      assert.equal(settings.status, 400)
    }
    assert.equal((await put('ups', id, { ...UPS, use_negotiated_rates: true })).status, 200)
    assert.equal((await put('ups', id, UPS)).status, 200)
    assert.equal((await storedConnection(server(), id)).settings.use_negotiated_rates, true)
  })

  test('an account that another connection stands for is refused, its own is not', async () => {
    const account = unique('taken')
    const other = await connectPublished(server(), 'endicia', { account })
    const id = await connectPublished(server(), 'endicia', { account: unique() })
    const refused = await put('endicia', id, { nickname: 'n', account, passphrase: 'p' })
    assert.equal(refused.status, 409)
    assert.equal(refused.json.errors[0].carrier_id, other)
    const duplicate = await connectPublished(server(), 'endicia', { account })
    assert.equal((await put('endicia', duplicate, { nickname: 'n', account, passphrase: 'new' })).status, 200)
  })

  test('is_primary_account moves the mark, and cannot take it from the primary', async () => {
    const first = await connectPublished(server(), 'ups', { account_number: unique() })
    const second = await connectPublished(server(), 'ups', { account_number: unique() })
    const { json } = await server().request('GET', '/v1/carriers')
    const former = json.carriers.find(
      (c: { carrier_code: string; primary: boolean }) => c.carrier_code === 'ups' && c.primary,
    )
    const version = (await storedConnection(server(), former.carrier_id)).row.version
    assert.equal((await put('ups', second, { ...UPS, is_primary_account: true })).status, 200)
    assert.equal((await storedConnection(server(), former.carrier_id)).row.is_primary, 0)
    assert.equal((await storedConnection(server(), former.carrier_id)).row.version, version + 1)
    const refused = await put('ups', second, { ...UPS, is_primary_account: false })
    assert.equal(refused.json.errors[0].field_name, 'is_primary_account')
    assert.equal((await put('ups', first, { ...UPS, is_primary_account: false })).status, 200)
  })

  test('other carriers take their connect form, FedEx with its terms', async () => {
    const id = await connectPublished(server(), 'fedex')
    assert.equal((await put('fedex', id, { ...connectBodies.fedex, city: 'Dallas' })).status, 200)
    assert.equal((await storedConnection(server(), id)).credentials.city, 'Dallas')
    const { agree_to_eula: _, ...without } = connectBodies.fedex
    assert.equal((await put('fedex', id, without)).json.errors[0].field_name, 'agree_to_eula')
    const override = await put('fedex', id, { ...connectBodies.fedex, allow_duplicate_account_number: true })
    assert.equal(override.json.errors[0].field_name, 'allow_duplicate_account_number')
  })

  test('a password that goes with a stored site_id may come alone, and neither stays alone', async () => {
    const id = await connectPublished(server(), 'dhl_express', {
      account_number: unique(),
      site_id: 's',
      password: 'p1',
    })
    const { account_number } = (await storedConnection(server(), id)).credentials
    assert.equal(
      (await put('dhl_express', id, { nickname: 'n', account_number, password: 'p2' })).status,
      200,
    )
    assert.deepEqual((await storedConnection(server(), id)).credentials, {
      account_number,
      site_id: 's',
      password: 'p2',
    })
    const refused = await put('dhl_express', id, { nickname: 'n', account_number, site_id: null })
    assert.equal(refused.json.errors[0].field_name, 'site_id')
  })

  test('the credentials version counts updates, the row version every change', async () => {
    const id = await connectPublished(server(), 'ups', { account_number: unique() })
    await server().request('PUT', `${path('ups', id)}/settings`, { body: { pickup_type: 'daily_pickup' } })
    await put('ups', id, UPS)
    const state = await server().request('GET', path('ups', id))
    assert.equal(state.json.version, 3)
    assert.equal(state.json.credentials_version, 2)
    assert.equal(state.headers.etag, '"v3"')
  })

  test('an envelope of an earlier version does not open again', async () => {
    const id = await connectPublished(server(), 'stamps_com')
    const { row: old } = await storedConnection(server(), id)
    await put('stamps_com', id, { nickname: 'n', username: unique(), password: 'p2' })
    const { row } = await storedConnection(server(), id)
    await server().ctx.store.transaction(server().tenantId, async (tx) => {
      await tx
        .updateTable('connection')
        .set({ credentials: old.credentials })
        .where('carrier_id', '=', id)
        .execute()
    })
    const answer = await put('stamps_com', id, { nickname: 'n', username: unique(), password: 'p3' })
    assert.equal(answer.status, 500)
    assert.match(answer.json.errors[0].message, /integrity/)
    assert.ok(server().logs.some((line) => line.includes('integrity violation') && line.includes(id)))
    assert.equal(row.credentials_version, 2)
    assert.equal((await server().request('GET', path('stamps_com', id))).status, 500)
    const done = (await auditTrail(server(), id)).map(([action]) => action)
    assert.deepEqual(done.slice(2), ['integrity.violation', 'integrity.violation'])
  })
})
