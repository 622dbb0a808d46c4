import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'
import { auditTrail } from '../../support/audit/audit-events.ts'
import { connect } from '../../support/connections/connect.ts'

const path = (carrier: string, id: string) => `/v1/connections/carriers/${carrier}/${id}/settings`

onEveryDatabase('settings', (server) => {
  const put = (carrier: string, id: string, body: object) =>
    server().request('PUT', path(carrier, id), { body })
  const get = async (carrier: string, id: string) => (await server().request('GET', path(carrier, id))).json

  test('shows what is set, with the nickname and the primary mark, and no credential', async () => {
    const id = await connect(server(), 'ups')
    const { is_primary_account, ...rest } = await get('ups', id)
    assert.equal(typeof is_primary_account, 'boolean')
    assert.deepEqual(rest, { nickname: 'Brown', account_postal_code: '78701' })
  })

  test('PUT keeps what it is not told, answers 204, and touches no credential', async () => {
    const id = await connect(server(), 'ups')
    const before = await storedConnection(server(), id)
    const answer = await put('ups', id, { pickup_type: 'daily_pickup', mail_innovations_cost_center: ' ' })
    assert.equal(answer.status, 204)
    assert.equal(answer.text, '')
    assert.equal(answer.headers.etag, '"v2"')
    await put('ups', id, { use_ground_freight_pricing: true, nickname: 'Renamed' })
    const { is_primary_account: _, ...rest } = await get('ups', id)
    assert.deepEqual(rest, {
      nickname: 'Renamed',
      pickup_type: 'daily_pickup',
      use_ground_freight_pricing: true,
      mail_innovations_cost_center: ' ',
      account_postal_code: '78701',
    })
    const after = await storedConnection(server(), id)
    assert.deepEqual(after.row.credentials, before.row.credentials)
    assert.equal(after.row.credentials_version, 1)
    assert.deepEqual((await auditTrail(server(), id)).slice(1), [
      ['connection.settings_updated', ['pickup_type', 'mail_innovations_cost_center'], 2],
      ['connection.settings_updated', ['nickname', 'use_ground_freight_pricing'], 3],
    ])
  })

  test('null clears a setting, and cannot clear the nickname', async () => {
    const id = await connect(server(), 'ups')
    await put('ups', id, { pickup_type: 'daily_pickup' })
    await put('ups', id, { pickup_type: null })
    assert.equal((await get('ups', id)).pickup_type, undefined)
    const before = await storedConnection(server(), id)
    for (const nickname of [null, '']) {
      const answer = await put('ups', id, { nickname })
      assert.deepEqual(
        [answer.status, answer.headers['hawser-notice']],
        [204, ['not_cleared; field=nickname']],
      )
    }
    assert.deepEqual((await storedConnection(server(), id)).row, before.row)
    const refused = await put('ups', id, { nickname: ' ' })
    assert.equal(refused.json.errors[0].field_name, 'nickname')
  })

  test('the invoice of the settings and the invoice of the update are two values', async () => {
    const id = await connect(server(), 'ups')
    const invoice = {
      invoice_date: '2026-01-31T00:00:00Z',
      invoice_number: '7',
      control_id: 'se-1',
      invoice_amount: 12.5,
    }
    assert.equal((await put('ups', id, { invoice })).status, 204)
    const body = { nickname: 'n', account_postal_code: '78702', account_country_code: 'US', invoice: 'INV-9' }
    assert.equal((await server().request('PUT', `/v1/connections/carriers/ups/${id}`, { body })).status, 200)
    assert.deepEqual((await get('ups', id)).invoice, invoice)
    assert.equal((await storedConnection(server(), id)).credentials.invoice, 'INV-9')
  })

  test('what the settings form cannot express is left out', async () => {
    const id = await connect(server(), 'ups')
    const body = { nickname: 'n', account_postal_code: '123', account_country_code: 'US' }
    await server().request('PUT', `/v1/connections/carriers/ups/${id}`, { body })
    assert.equal((await get('ups', id)).account_postal_code, undefined)
  })

  test('bad settings are refused by name and change nothing', async () => {
    const id = await connect(server(), 'fedex')
    const before = await storedConnection(server(), id)
    const answer = await put('fedex', id, {
      smart_post_hub: 'phoenix_az',
      pickup_type: 5,
      is_primary_account: 'yes',
      zip: 1,
    })
    assert.deepEqual(
      answer.json.errors.map(({ field_name }: { field_name?: string }) => field_name),
      ['pickup_type', 'smart_post_hub', 'is_primary_account', undefined],
    )
    assert.deepEqual(await storedConnection(server(), id), before)
    assert.equal((await put('fedex', id, { smart_post_hub: 'phoneix_az' })).status, 204)
  })

  test('FedEx takes images that are too large for any other body', async () => {
    const id = await connect(server(), 'fedex')
    const image = 'iVBOR'.repeat(80_000)
    assert.equal((await put('fedex', id, { signature_image: image, letterhead_image: image })).status, 204)
    assert.equal((await get('fedex', id)).letterhead_image.length, image.length)
    const tooLarge = await put('fedex', id, { signature_image: 'x'.repeat(1_048_600) })
    assert.equal(tooLarge.status, 413)
  })

  test('Newgistics and Amazon Buy Shipping have settings, as their public schemas say', async () => {
    const connected = async (carrier: string, body: object) =>
      (await server().request('POST', `/v1/connections/carriers/${carrier}`, { body })).json
        .carrier_id as string
    const newgistics = await connected('newgistics', { merchant_id: 7, induction_site: 'X', nickname: 'n' })
    assert.equal(
      (await put('newgistics', newgistics, { include_barcode_with_order_number: true })).status,
      204,
    )
    assert.deepEqual(await get('newgistics', newgistics), { include_barcode_with_order_number: true })
    const amazon = await connected('amazon_buy_shipping', {
      nickname: 'n',
      merchant_seller_id: unique(),
      mws_auth_token: 't',
      email: 'a@example.com',
    })
    assert.equal((await put('amazon_buy_shipping', amazon, { email: 'b@example.com' })).status, 204)
    assert.deepEqual(await get('amazon_buy_shipping', amazon), { email: 'b@example.com' })
  })
})
