import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import {
  SHIP_DATE,
  startOfDay,
  labelEvents,
  storedLabels,
  newLabel,
  newShipper,
  importOutcomes,
  errorsOf,
} from '../../support/shipments/labels.ts'
import { createWebhook } from '../../support/webhooks/create-webhook.ts'
import { outbox } from '../../support/webhooks/outbox.ts'

const PATH = '/v1/labels/import'
const ABSENT = 'se-0000000000000000'
const FIELDS = ['carrier_id', 'tracking_number', 'ship_date']

onEveryDatabase('labels', (server) => {
  test('import: a body that is no list of 1 to 500 labels is refused as a whole', async () => {
    const { send, record } = await newShipper(server())
    assert.deepEqual(errorsOf(await send('POST', PATH)), ['request_body_required -'])
    const wrong: [body: unknown, ...problems: string[]][] = [
      [{}, 'field_value_required labels'],
      [{ labels: null }, 'field_value_required labels'],
      [{ labels: [] }, 'field_value_required labels'],
      [{ labels: {} }, 'invalid_field_value labels'],
      [{ labels: 'x' }, 'invalid_field_value labels'],
      [{ labels: [{}], more: 1 }, 'invalid_field_value -'],
      [{ label: [] }, 'field_value_required labels', 'invalid_field_value -'],
      [[], 'invalid_object -'],
    ]
    for (const [body, ...problems] of wrong) {
      const answer = await send('POST', PATH, { body })
      assert.equal(answer.status, 400)
      assert.deepEqual(errorsOf(answer), problems)
    }
    const [, misspelt] = (await send('POST', PATH, { body: { label: [] } })).json.errors
    assert.match(misspelt.message, /did you mean labels\?$/)
    const many = await record(...Array.from({ length: 501 }, () => newLabel(ABSENT)))
    assert.deepEqual(errorsOf(many), ['invalid_field_value labels'])
    const large = await record(newLabel(ABSENT, { external_shipment_id: 'x'.repeat(1_100_000) }))
    assert.equal(large.status, 413)
    const members = { labels: [Object.fromEntries(Array.from({ length: 10_001 }, (_, n) => [`m${n}`, n]))] }
    assert.deepEqual(errorsOf(await send('POST', PATH, { body: members })), ['invalid_object -'])
  })

  test('import: a malformed entry refuses itself alone, every bad field named by its path and no value repeated', async () => {
    const shipper = await newShipper(server())
    const carrier_id = await shipper.connect()
    const wrong: [entry: unknown, ...problems: string[]][] = [
      [7, 'invalid_field_value labels[0]'],
      [[], 'invalid_field_value labels[1]'],
      [null, 'invalid_field_value labels[2]'],
      [
        {},
        'field_value_required labels[3].carrier_id',
        'field_value_required labels[3].tracking_number',
        'field_value_required labels[3].ship_date',
      ],
      [newLabel('secret value'), 'invalid_field_value labels[4].carrier_id'],
      [newLabel(carrier_id, { tracking_number: '' }), 'field_value_required labels[5].tracking_number'],
      [
        newLabel(carrier_id, { tracking_number: 'x'.repeat(101) }),
        'invalid_string_length labels[6].tracking_number',
      ],
      [
        newLabel(carrier_id, { tracking_number: 'secret\u0000' }),
        'invalid_field_value labels[7].tracking_number',
      ],
      [newLabel(carrier_id, { ship_date: '2026-02-30' }), 'invalid_field_value labels[8].ship_date'],
      [newLabel(carrier_id, { ship_date: 'secret value' }), 'invalid_field_value labels[9].ship_date'],
      [newLabel(carrier_id, { ship_date: 20260301 }), 'invalid_field_value labels[10].ship_date'],
      [newLabel(carrier_id, { status: 'secret' }), 'invalid_field_value labels[11].status'],
      [newLabel(carrier_id, { warehouse_id: 'secret' }), 'invalid_field_value labels[12].warehouse_id'],
      [newLabel(carrier_id, { service_code: 'Secret Value' }), 'invalid_field_value labels[13].service_code'],
      [
        newLabel(carrier_id, { external_shipment_id: 'x'.repeat(51) }),
        'invalid_string_length labels[14].external_shipment_id',
      ],
      [newLabel(carrier_id, { label_id: 'secret value' }), 'invalid_field_value labels[15].label_id'],
      [newLabel(carrier_id, { secret_value: 1 }), 'invalid_field_value labels[16]'],
      [newLabel(carrier_id, { password: 'secret' }), 'invalid_field_value labels[17]'],
      [
        newLabel(carrier_id, { tracking_number: 'secret ' }),
        'invalid_field_value labels[18].tracking_number',
      ],
    ]
    const answer = await shipper.record(...wrong.map(([entry]) => entry), newLabel(carrier_id))
    assert.equal(answer.status, 200)
    assert.deepEqual(importOutcomes(answer), [
      ...wrong.map(([, ...problems]) => ['refused', ...problems].join(' ')),
      'imported',
    ])
    assert.doesNotMatch(answer.text, /secret/i)
    assert.deepEqual([answer.json.imported, answer.json.refused], [1, wrong.length])
    assert.equal((await storedLabels(shipper)).labels.length, 1)
    assert.deepEqual(await labelEvents(shipper), [['label.imported', carrier_id, null, FIELDS]])
  })

  test('import: an unknown connection, a foreign, a deleted and one of the other environment are alike', async () => {
    const shipper = await newShipper(server())
    const foreign = await (await newShipper(server())).connect()
    const sandbox = await (
      await newShipper(server(), { environment: 'sandbox', tenantId: shipper.tenantId })
    ).connect()
    const deleted = await shipper.connect()
    assert.equal((await shipper.send('DELETE', `/v1/carriers/${deleted}`)).status, 204)
    const answer = await shipper.record(...[ABSENT, foreign, sandbox, deleted].map((id) => newLabel(id)))
    assert.deepEqual(
      importOutcomes(answer),
      [0, 1, 2, 3].map((index) => `refused carrier_not_connected labels[${index}].carrier_id`),
    )
    assert.equal(new Set(answer.json.results.map(({ errors }: any) => errors[0].message)).size, 1)
    assert.deepEqual(await storedLabels(shipper), { labels: [], counts: [] })
    assert.deepEqual(await labelEvents(shipper), [])
  })

  test('import: of two entries for one label, or with one label_id, the later is refused', async () => {
    const shipper = await newShipper(server())
    const [one, other] = [await shipper.connect(), await shipper.connect()]
    const label = newLabel(one, { label_id: 'se-1' })
    const answer = await shipper.record(
      ...[label, { ...label, label_id: 'se-2' }, newLabel(one, { label_id: 'se-1' })],
      ...[{ ...label, carrier_id: other, label_id: 'se-3' }, label],
    )
    assert.deepEqual(importOutcomes(answer), [
      'imported',
      'refused field_conflict labels[1].tracking_number',
      'refused field_conflict labels[2].label_id',
      'imported',
      'refused field_conflict labels[4].label_id',
    ])
  })

  test('import: a label_id that stands for another label is refused, and so is another one for a label', async () => {
    const shipper = await newShipper(server())
    const carrier_id = await shipper.connect()
    const label = newLabel(carrier_id, { label_id: 'se-1' })
    await shipper.record(label)
    const answer = await shipper.record(
      { ...label, label_id: 'se-9' },
      newLabel(carrier_id, { label_id: 'se-1' }),
    )
    assert.deepEqual(importOutcomes(answer), [
      'refused identifier_conflict labels[0].label_id',
      'refused identifier_conflict labels[1].label_id',
    ])
    assert.deepEqual(
      answer.json.results.map(({ label_id }: any) => label_id),
      ['se-1', null],
    )
    const other = await newShipper(server())
    assert.deepEqual(
      importOutcomes(await other.record(newLabel(await other.connect(), { label_id: 'se-1' }))),
      ['imported'],
      'an id of another account is free',
    )
  })

  test('import: the same again changes nothing, leaves no event, and keeps what it does not say', async () => {
    const shipper = await newShipper(server())
    const carrier_id = await shipper.connect()
    const full = newLabel(carrier_id, {
      ...{ warehouse_id: 'se-7', service_code: 'usps_priority_mail', external_shipment_id: 'order 1' },
      status: 'processing',
    })
    const first = await shipper.record(full)
    const stored = await storedLabels(shipper)
    const { tracking_number } = full
    const again = await shipper.record(full, newLabel(ABSENT))
    const brief = await shipper.record({ carrier_id, tracking_number, ship_date: startOfDay(SHIP_DATE) })
    assert.deepEqual(importOutcomes(again)[0], 'unchanged')
    assert.deepEqual(importOutcomes(brief), ['unchanged'])
    assert.equal(again.json.results[0].label_id, first.json.results[0].label_id)
    assert.deepEqual(await storedLabels(shipper), stored)
    assert.equal((await labelEvents(shipper)).length, 1)

    const changed = await shipper.record({
      ...full,
      warehouse_id: null,
      status: 'completed',
      ship_date: '2026-03-02',
    })
    assert.deepEqual(importOutcomes(changed), ['updated'])
    const [label] = (await storedLabels(shipper)).labels
    assert.equal(label?.warehouse_id, null)
    assert.equal(label?.status, 'completed')
    assert.equal(label?.ship_date, '2026-03-02')
    assert.equal(label?.service_code, 'usps_priority_mail')
    assert.equal(label?.created_at, stored.labels[0]?.created_at)
  })

  test('import: a status goes forward only; what is voided or manifested does not change any more', async () => {
    const shipper = await newShipper(server())
    const carrier_id = await shipper.connect()
    const allowed: Record<string, string[]> = {
      processing: ['processing', 'completed', 'error', 'voided'],
      completed: ['completed', 'voided'],
      error: ['error'],
      voided: ['voided'],
    }
    for (const [from, targets] of Object.entries(allowed))
      for (const to of Object.keys(allowed)) {
        const label = newLabel(carrier_id, { status: from })
        await shipper.record(label)
        const answer = await shipper.record({ ...label, status: to })
        const expected = from === to ? 'unchanged' : targets.includes(to) ? 'updated' : 'refused'
        assert.equal(answer.json.results[0].outcome, expected, `${from} to ${to}`)
        if (expected === 'refused')
          assert.match(importOutcomes(answer)[0], /^refused invalid_status labels\[0\](\.status)?$/)
      }
    const voided = newLabel(carrier_id, { status: 'voided' })
    const manifested = newLabel(carrier_id)
    await shipper.record(voided, manifested)
    const list = [manifested.tracking_number]
    await shipper.send('POST', '/v1/manifests/import', { body: { carrier_id, tracking_numbers: list } })
    assert.deepEqual(importOutcomes(await shipper.record(voided, manifested)), ['unchanged', 'unchanged'])
    const more = { service_code: 'usps_priority_mail' }
    assert.deepEqual(
      importOutcomes(
        await shipper.record(
          ...[
            { ...voided, ...more },
            { ...manifested, ...more },
          ],
        ),
      ),
      ['refused invalid_status labels[0]', 'refused invalid_status labels[1]'],
    )
    const isVoided = await shipper.record({ ...manifested, status: 'voided' })
    assert.deepEqual(importOutcomes(isVoided), ['refused invalid_status labels[0]'])
  })

  test('import: 500 labels go in 20 at a time, with one event for each connection in each part, and no message', async () => {
    const shipper = await newShipper(server(), { environment: 'production', tenantId: server().tenantId })
    const before = (await labelEvents(shipper)).length
    await createWebhook(server(), { url: 'https://labels.example/', event: 'connection.updated' })
    const ids = [await shipper.connect(), await shipper.connect()].sort()
    const labels = Array.from({ length: 500 }, (_, n) =>
      newLabel(ids[n % 2] ?? '', { ...(n === 3 ? { warehouse_id: 'se-1' } : {}) }),
    )
    const answer = await shipper.record(...labels)
    assert.equal(answer.json.imported, 500)
    assert.deepEqual(
      answer.json.results.map(({ index }: any) => index),
      labels.map((_, index) => index),
    )
    const parts = (await labelEvents(shipper)).slice(before)
    // The 250 labels of each connection fill twelve parts and a half, so one part has labels of both.
    assert.deepEqual(
      parts.map(([, carrierId]) => carrierId),
      [...Array(13).fill(ids[0]), ...Array(13).fill(ids[1])],
    )
    assert.deepEqual(
      parts.filter(([, , , fields]) => (fields as string[]).includes('warehouse_id')),
      [['label.imported', ids[1], null, [...FIELDS, 'warehouse_id']]],
    )
    assert.deepEqual(await outbox(server()), [])
  })

  test('import: an LTL connection has labels too', async () => {
    const shipper = await newShipper(server())
    const body = { credentials: { key: 'k', account_number: '1' } }
    const { carrier_id } = (await shipper.send('POST', '/v-beta/ltl/connections/FXFE', { body })).json
    const { json } = await shipper.record(newLabel(carrier_id))
    const label = (await shipper.send('GET', `/v1/labels/${json.results[0].label_id}`)).json
    assert.equal(label.carrier_id, carrier_id)
    assert.equal(label.carrier_code, 'fxfe')
    assert.equal((await shipper.send('GET', `/v2/labels?carrier_id=${carrier_id}`)).json.total, 1)
  })
})
