import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { openTestServer } from '../../support/server/test-server.ts'
import {
  SHIP_DATE,
  startOfDay,
  labelEvents,
  storedLabels,
  newLabel,
  newShipper,
  importOutcomes,
  refuseAuditEvents,
  errorsOf,
} from '../../support/shipments/labels.ts'

const PATH = '/v1/labels/import'
const ABSENT = 'se-0000000000000000'

onEveryDatabase('recorded labels', (server) => {
  test('a label is answered in the published shape, its ship date as the day that was written', async () => {
    const shipper = await newShipper(server())
    const carrier_id = await shipper.connect()
    const said = newLabel(carrier_id, { ship_date: '2026-03-01T23:30:00-08:00', label_id: 'se-28529731' })
    await shipper.record(said)
    const { json } = await shipper.send('GET', '/v1/labels/se-28529731')
    const { created_at, ...rest } = json
    assert.match(created_at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    const nothing = Object.entries(rest).flatMap(([name, value]) => (value === null ? [name] : []))
    assert.deepEqual(nothing.sort(), [
      ...['alternative_identifiers', 'external_order_id', 'external_shipment_id', 'form_download'],
      ...['insurance_claim', 'label_image_id', 'paperless_download', 'qr_code_download', 'refund_details'],
      ...['rma_number', 'tracking_url', 'void_type', 'voided_at'],
    ])
    assert.deepEqual(Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null)), {
      ...{ label_id: 'se-28529731', status: 'completed', ship_date: startOfDay(SHIP_DATE), rate_details: [] },
      ...{ tracking_number: said.tracking_number, carrier_id, voided: false, carrier_code: 'endicia' },
      ...{ tracking_status: 'unknown', label_download: {}, packages: [] },
    })
  })

  test('import: only the day of a ship date counts, so that a time without an offset is as good as one with it', async () => {
    const shipper = await newShipper(server())
    const label = newLabel(await shipper.connect())
    const spellings = ['', 'T00:00:00', 'T23:59:59.9999999', 'T08:00', 'T23:30:00-12:00', 'T00:30:00+14:00']
    for (const rest of spellings)
      assert.match(
        importOutcomes(await shipper.record({ ...label, ship_date: `${SHIP_DATE}${rest}` }))[0],
        /^(imported|unchanged)$/,
        rest,
      )
    assert.equal((await storedLabels(shipper)).labels[0]?.ship_date, SHIP_DATE)
  })

  test('a label is found by the shipment of the caller, in any characters that one may have', async () => {
    const shipper = await newShipper(server())
    const carrier_id = await shipper.connect()
    const stranger = await newShipper(server())
    const other = await newShipper(server(), { environment: 'sandbox', tenantId: shipper.tenantId })
    const pathOf = (shipment: string) => `labels/external_shipment_id/${encodeURIComponent(shipment)}`
    for (const shipment of [
      '1',
      'Order 1/2 & 3?#%25+',
      'se-1',
      'record_void',
      '...',
      '東京'.repeat(25),
      '📦'.repeat(50),
    ]) {
      const label = newLabel(carrier_id, { external_shipment_id: shipment })
      const { label_id } = (await shipper.record(label)).json.results[0]
      const answer = await shipper.send('GET', `/v1/${pathOf(shipment)}`)
      assert.deepEqual(answer.json, (await shipper.send('GET', `/v1/labels/${label_id}`)).json, shipment)
      assert.equal(answer.json.external_shipment_id, shipment)
      for (const path of [`/v2/${pathOf(shipment)}`, `/v1/${pathOf(shipment)}?label_download_type=url`])
        assert.deepEqual((await shipper.send('GET', path)).json, answer.json, path)
      for (const foreign of [stranger, other])
        assert.equal((await foreign.send('GET', `/v1/${pathOf(shipment)}`)).status, 404)
    }
    for (const shipment of ['absent', 'Se-1', ' 1', '\0', '1\n', 'x'.repeat(51), 'x'.repeat(3_000)]) {
      const answer = await shipper.send('GET', `/v1/${pathOf(shipment)}`)
      assert.equal(answer.status, 404)
      assert.deepEqual(errorsOf(answer), ['unspecified external_shipment_id'], JSON.stringify(shipment))
    }
    for (const path of [pathOf('1'), 'labels/se-1']) {
      const answer = await shipper.send('GET', `/v1/${path}?label_download_type=fax`)
      assert.deepEqual(errorsOf(answer), ['invalid_field_value label_download_type'])
    }
  })

  test('of several labels of a shipment the newest that stands is answered, and else the newest', async () => {
    const shipper = await newShipper(server())
    const carrier_id = await shipper.connect()
    const record = async (status: string) => {
      const label = newLabel(carrier_id, { external_shipment_id: 'order 1', status })
      return (await shipper.record(label)).json.results[0].label_id as string
    }
    const found = async () =>
      (await shipper.send('GET', '/v1/labels/external_shipment_id/order%201')).json.label_id
    const first = await record('voided')
    assert.equal(await found(), first)
    const failed = await record('error')
    assert.equal(await found(), failed)
    const standing = [await record('completed'), await record('processing')]
    for (const label_id of standing.toReversed()) {
      await record('voided')
      assert.equal(await found(), label_id)
      await shipper.send('POST', `/v1/labels/${label_id}/record_void`)
    }
    assert.ok(![first, failed, ...standing].includes(await found()), 'the newest of all')
  })

  test('record_void: only a label of the account that is not manifested, and once', async () => {
    const shipper = await newShipper(server())
    const foreign = await newShipper(server())
    const carrier_id = await shipper.connect()
    const [open, failed, closed] = [
      ...[newLabel(carrier_id), newLabel(carrier_id, { status: 'error' }), newLabel(carrier_id)],
    ] as const
    const { results } = (await shipper.record(open, failed, closed)).json
    const path = (index: number) => `/v1/labels/${results[index].label_id}/record_void`
    await shipper.send('POST', '/v1/manifests/import', {
      body: { carrier_id, label_ids: [results[2].label_id] },
    })
    for (const answer of [
      await shipper.send('POST', `/v1/labels/${ABSENT}/record_void`),
      await foreign.send('POST', path(0)),
    ]) {
      assert.equal(answer.status, 404)
      assert.deepEqual(errorsOf(answer), ['unspecified label_id'])
    }
    assert.deepEqual(errorsOf(await shipper.send('POST', '/v1/labels/x/record_void')), [
      'invalid_identifier label_id',
    ])
    for (const index of [1, 2]) {
      const answer = await shipper.send('POST', path(index))
      assert.equal(answer.status, 409)
      assert.deepEqual(errorsOf(answer), ['invalid_status label_id'])
    }
    const before = (await labelEvents(shipper)).length
    const { json, status } = await shipper.send('POST', path(0))
    assert.equal(status, 200)
    assert.deepEqual([json.status, json.voided, typeof json.voided_at], ['voided', true, 'string'])
    assert.deepEqual((await shipper.send('POST', path(0))).json, json)
    assert.deepEqual((await labelEvents(shipper)).slice(before), [
      ['label.voided', carrier_id, results[0].label_id, ['status']],
    ])
  })

  test('what would act at the carrier is refused, and says where to record it', async () => {
    const { send } = await newShipper(server())
    assert.deepEqual(errorsOf(await send('PUT', '/v1/labels/x/void')), ['invalid_identifier label_id'])
    const answer = await send('PUT', `/v1/labels/${ABSENT}/void`)
    assert.equal(answer.status, 400)
    assert.deepEqual(errorsOf(answer), ['carrier_not_supported -'])
    assert.match(answer.json.errors[0].message, /\/v1\/labels\/\{label_id\}\/record_void/)
  })

  test('reading takes the scope read, recording the scope write', async () => {
    const shipper = await newShipper(server())
    const key = await server().newKey({ tenantId: shipper.tenantId, scopes: ['read'] })
    const body = { labels: [newLabel(await shipper.connect())] }
    assert.equal((await server().request('POST', PATH, { key, body })).status, 403)
    assert.equal((await server().request('GET', '/v1/labels', { key })).status, 200)
  })
})

onEveryDatabase('labels without an audit log', (server) => {
  test('nothing is recorded when its event cannot be', async () => {
    const shipper = await newShipper(server())
    const carrier_id = await shipper.connect()
    const { label_id } = (await shipper.record(newLabel(carrier_id))).json.results[0]
    const before = await storedLabels(shipper)
    await refuseAuditEvents(server())
    const tried = [
      await shipper.record(newLabel(carrier_id)),
      await shipper.send('POST', `/v1/labels/${label_id}/record_void`),
      await shipper.send('POST', '/v1/manifests/import', { body: { carrier_id, label_ids: [label_id] } }),
    ]
    assert.deepEqual(
      tried.map(({ status }) => status),
      [500, 500, 500],
    )
    assert.deepEqual(await storedLabels(shipper), before)
    assert.equal((await shipper.send('GET', '/v1/manifests')).json.total, 0)
  })
})

test('sandbox and production have labels of their own', async () => {
  const server = await openTestServer('sqlite')
  const real = await newShipper(server)
  const sandbox = await newShipper(server, { environment: 'sandbox', tenantId: real.tenantId })
  const body = { ...connectBodies.endicia, account: 'same' }
  for (const shipper of [real, sandbox]) {
    const { carrier_id } = (await shipper.send('POST', '/v1/connections/carriers/endicia', { body })).json
    await shipper.record({ ...newLabel(carrier_id), tracking_number: 'same', label_id: 'se-1' })
    const { labels, total } = (await shipper.send('GET', '/v1/labels')).json
    assert.equal(total, 1)
    assert.equal(labels[0].carrier_id, carrier_id)
    assert.equal((await shipper.send('GET', '/v1/labels/se-1')).json.carrier_id, carrier_id)
  }
  await server.close()
})
