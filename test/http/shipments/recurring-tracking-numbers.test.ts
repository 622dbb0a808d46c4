import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import {
  labelEvents,
  storedLabels,
  newLabel,
  newShipper,
  importOutcomes,
  errorsOf,
  type Shipper,
} from '../../support/shipments/labels.ts'

type Said = ReturnType<typeof newLabel> & Record<string, unknown>

const [EARLIER, FIRST, LATER] = ['2024-10-01', '2025-07-15', '2026-11-27']

/** These are all of the ways in which a label becomes settled. */
const SETTLED: Record<string, (shipper: Shipper, label: Said) => Promise<unknown>> = {
  'is recorded as voided': async (shipper, label) =>
    shipper.send('POST', `/v1/labels/${await idOf(shipper, label)}/record_void`),
  'is imported as voided': (shipper, label) => shipper.record({ ...label, status: 'voided' }),
  'is on a manifest by its id': async (shipper, label) =>
    manifest(shipper, label, { label_ids: [await idOf(shipper, label)] }),
  'is on a manifest by its number': (shipper, label) =>
    manifest(shipper, label, { tracking_numbers: [label.tracking_number] }),
  'has failed': (shipper, label) => shipper.record({ ...label, status: 'error' }),
}

/** These are all of the ways in which an entry says that it is about another label. */
const TOLD_APART: Record<string, Record<string, unknown>> = {
  'a later day': { ship_date: LATER },
  'the next day': { ship_date: '2025-07-16' },
  'an earlier day': { ship_date: EARLIER },
  'another shipment': { external_shipment_id: 'order 2' },
  'an id of its own': { label_id: 'se-2' },
}

const manifest = (shipper: Shipper, { carrier_id }: Said, more: Record<string, unknown>) =>
  shipper.send('POST', '/v1/manifests/import', { body: { carrier_id, ...more } })

const idOf = async (shipper: Shipper, { carrier_id, tracking_number }: Said) => {
  const path = `/v1/labels?carrier_id=${carrier_id}&tracking_number=${tracking_number}`
  return (await shipper.send('GET', path)).json.labels[0].label_id as string
}

/** Makes a connection to a carrier that wants manifests, and a settled label under it. */
async function settled(shipper: Shipper, way: string, more: Record<string, unknown> = {}): Promise<Said> {
  const body = { nickname: 'Pickup', account_number: unique(), api_secret: 's' }
  const answer = await shipper.send('POST', '/v1/connections/carriers/couriers_please', { body })
  const label = newLabel(answer.json.carrier_id, {
    ship_date: FIRST,
    external_shipment_id: 'order 1',
    ...more,
  })
  await shipper.record(way === 'has failed' ? { ...label, status: 'processing' } : label)
  await SETTLED[way]?.(shipper, label)
  return label
}

const openAt = async (shipper: Shipper, { carrier_id }: Said) =>
  (await shipper.send('GET', `/v1/connections/carriers/couriers_please/${carrier_id}/dependents`)).json
    .open_labels.count

onEveryDatabase('tracking numbers that come again', (server) => {
  for (const way of Object.keys(SETTLED)) {
    test(`a label that ${way} is not recorded twice when its import is repeated`, async () => {
      const shipper = await newShipper(server())
      const label = await settled(shipper, way)
      const before = [await storedLabels(shipper), await labelEvents(shipper)]
      const { external_shipment_id: _shipment, ...brief } = label
      assert.deepEqual(importOutcomes(await shipper.record(label)), ['unchanged'])
      assert.deepEqual(importOutcomes(await shipper.record(brief)), ['unchanged'])
      const named = { ...label, label_id: await idOf(shipper, label) }
      assert.deepEqual(importOutcomes(await shipper.record(named)), ['unchanged'])
      const changes = [{ status: 'processing' }, { warehouse_id: 'se-9' }, { service_code: 'x' }]
      // An import may still correct everything of a failed label but its status.
      for (const more of way === 'has failed' ? changes.slice(0, 1) : changes) {
        const answer = await shipper.record({ ...label, ...more })
        assert.match(importOutcomes(answer)[0], /^refused invalid_status labels\[0\](\.status)?$/)
        assert.match(answer.json.results[0].errors[0].message, /ship_date|label_id of its own/)
      }
      assert.deepEqual([await storedLabels(shipper), await labelEvents(shipper)], before)
      assert.equal(await openAt(shipper, label), 0)
    })

    test(`a label of the same number as one that ${way} is another one, which a delete waits for`, async () => {
      for (const [how, more] of Object.entries(TOLD_APART)) {
        const shipper = await newShipper(server())
        const label = await settled(shipper, way)
        const { carrier_id, tracking_number } = label
        const before = await idOf(shipper, label)
        const again = await shipper.record({ ...label, ...more })
        assert.deepEqual(importOutcomes(again), ['imported'], how)
        const { label_id } = again.json.results[0]
        assert.notEqual(label_id, before)
        assert.deepEqual(importOutcomes(await shipper.record({ ...label, ...more })), ['unchanged'], how)
        assert.equal(await openAt(shipper, label), 1)
        assert.equal(
          (await shipper.send('GET', `/v1/labels?tracking_number=${tracking_number}`)).json.total,
          2,
        )
        const path = `/v1/connections/carriers/couriers_please/${carrier_id}`
        assert.equal((await shipper.send('DELETE', path)).status, 409, how)
        const answer = await manifest(shipper, label, { tracking_numbers: [tracking_number] })
        assert.deepEqual(answer.json.label_ids, [label_id], 'the open one is meant')
        assert.equal((await shipper.send('DELETE', path)).status, 204)
      }
    })
  }

  const NEVER_TWICE = Object.keys(SETTLED).filter((way) => way !== 'has failed')
  for (const recorded of [null, 'order 1'])
    for (const given of ['absent', null, 'order 1', 'order 2'])
      for (const day of [FIRST, LATER]) {
        const isOtherShipment = given !== null && given !== 'absent' && given !== recorded
        const isAnother = isOtherShipment || day !== FIRST
        test(`recorded for ${recorded ?? 'no shipment'}, settled, and recorded again for ${given ?? 'none'} on ${day === FIRST ? 'its day' : 'a later day'}: ${isAnother ? 'another label' : 'the same one'}`, async () => {
          const shipper = await newShipper(server())
          for (const way of NEVER_TWICE) {
            const label = await settled(shipper, way, { external_shipment_id: recorded })
            const before = await idOf(shipper, label)
            const { external_shipment_id: _shipment, ...brief }: Said = { ...label, ship_date: day }
            const entry = given === 'absent' ? brief : { ...brief, external_shipment_id: given }
            const [answer, again] = [await shipper.record(entry), await shipper.record(entry)]
            const isSaidAgain = given === 'absent' || given === recorded
            const same = isSaidAgain ? 'unchanged' : 'refused invalid_status labels[0]'
            assert.deepEqual(importOutcomes(answer), [isAnother ? 'imported' : same], way)
            assert.deepEqual(importOutcomes(again), [isAnother ? 'unchanged' : same], way)
            const { label_id } = answer.json.results[0]
            assert.equal(label_id !== before, isAnother, way)
            assert.equal(again.json.results[0].label_id, label_id, way)
            if (way.endsWith('voided')) {
              const first = await shipper.record({ ...label, status: 'voided' })
              assert.equal(first.json.results[0].label_id, before, 'what was said first is about the first')
            }
            assert.equal(await openAt(shipper, label), isAnother ? 1 : 0, way)
            const path = `/v1/connections/carriers/couriers_please/${label.carrier_id}`
            const status = (await shipper.send('DELETE', path)).status
            assert.equal(status, isAnother ? 409 : 204, way)
            if (!isAnother) continue
            const { json } = await manifest(shipper, label, { tracking_numbers: [label.tracking_number] })
            assert.deepEqual(json.label_ids, [label_id], `${way}: the open one is meant`)
            assert.equal((await shipper.send('DELETE', path)).status, 204, way)
          }
        })
      }

  test('beside an open label of another shipment, what is said of a settled one is about that one', async () => {
    const shipper = await newShipper(server())
    const old = await settled(shipper, 'is recorded as voided')
    const before = await idOf(shipper, old)
    const { label_id } = (await shipper.record({ ...old, external_shipment_id: 'order 2' })).json.results[0]
    const more = await shipper.record({ ...old, warehouse_id: 'se-3' })
    assert.deepEqual(
      [...importOutcomes(more), more.json.results[0].label_id],
      ['refused invalid_status labels[0]', before],
    )
    const next = await shipper.record({ ...old, external_shipment_id: 'order 3' })
    assert.deepEqual([...importOutcomes(next), next.json.results[0].label_id], ['updated', label_id])
  })

  test('while a label is open it stays the same label, whatever is said of it', async () => {
    const shipper = await newShipper(server())
    const label = newLabel(await shipper.connect(), { external_shipment_id: 'order 1', status: 'processing' })
    const { label_id } = (await shipper.record(label)).json.results[0]
    for (const more of [{ ship_date: LATER }, { external_shipment_id: 'order 2' }, { status: 'completed' }]) {
      const answer = await shipper.record({ ...label, ...more })
      assert.deepEqual([...importOutcomes(answer), answer.json.results[0].label_id], ['updated', label_id])
    }
    const other = await shipper.record({ ...label, label_id: 'se-9' })
    assert.deepEqual(importOutcomes(other), ['refused identifier_conflict labels[0].label_id'])
    assert.equal((await storedLabels(shipper)).labels.length, 1)
  })

  test('an old import that is repeated late leaves the label that is open now as it is', async () => {
    const shipper = await newShipper(server())
    const old = await settled(shipper, 'is on a manifest by its number')
    const before = await idOf(shipper, old)
    const { label_id } = (await shipper.record({ ...old, ship_date: LATER })).json.results[0]
    const stored = await storedLabels(shipper)
    const again = await shipper.record(old)
    assert.deepEqual([...importOutcomes(again), again.json.results[0].label_id], ['unchanged', before])
    const more = await shipper.record({ ...old, warehouse_id: 'se-3' })
    assert.deepEqual(importOutcomes(more), ['refused invalid_status labels[0]'])
    assert.deepEqual(await storedLabels(shipper), stored)
    const moved = await shipper.record({ ...old, ship_date: '2026-11-28' })
    assert.deepEqual([...importOutcomes(moved), moved.json.results[0].label_id], ['updated', label_id])
  })

  test('in one request, entries about several labels of one number are told apart, and of two about one the later is refused', async () => {
    const shipper = await newShipper(server())
    const old = await settled(shipper, 'is recorded as voided')
    const fresh = newLabel(old.carrier_id)
    const answer = await shipper.record(
      ...[old, { ...old, ship_date: LATER }, { ...old, ship_date: EARLIER }, old],
      ...[
        { ...fresh, status: 'voided', ship_date: FIRST },
        { ...fresh, ship_date: LATER },
      ],
      { ...fresh, ship_date: '2026-11-28' },
    )
    assert.deepEqual(importOutcomes(answer), [
      ...['unchanged', 'imported', 'refused field_conflict labels[2].tracking_number'],
      'refused field_conflict labels[3].tracking_number',
      ...['imported', 'imported', 'refused field_conflict labels[6].tracking_number'],
    ])
    assert.equal(await openAt(shipper, old), 2)
  })

  test('in one request, an entry settles the label that is open and the next one follows it, also in another part', async () => {
    const shipper = await newShipper(server())
    const carrier_id = await shipper.connect()
    const open = newLabel(carrier_id, { ship_date: FIRST })
    await shipper.record(open)
    const others = Array.from({ length: 40 }, () => newLabel(carrier_id))
    const far = newLabel(carrier_id, { ship_date: FIRST, status: 'voided' })
    const answer = await shipper.record(
      ...[{ ...open, status: 'voided' }, { ...open, ship_date: LATER }, far],
      ...[
        ...others,
        { ...far, status: 'completed', ship_date: LATER },
        { ...far, ship_date: LATER },
        others[0],
      ],
    )
    assert.deepEqual(importOutcomes(answer).slice(0, 3), ['updated', 'imported', 'imported'])
    assert.deepEqual(importOutcomes(answer).slice(-3), [
      'imported',
      'refused field_conflict labels[44].tracking_number',
      'refused field_conflict labels[45].tracking_number',
    ])
  })

  test('of simultaneous imports of a number that came again one records it, and the others find it', async () => {
    const shipper = await newShipper(server())
    const label = { ...(await settled(shipper, 'is on a manifest by its id')), ship_date: LATER }
    const answers = await Promise.all(Array.from({ length: 5 }, () => shipper.record(label)))
    assert.deepEqual(answers.flatMap(importOutcomes).sort(), ['imported', ...Array(4).fill('unchanged')])
    assert.equal(new Set(answers.map(({ json }) => json.results[0].label_id)).size, 1)
    assert.equal(await openAt(shipper, label), 1)
  })

  test('numbers of other connections are their own', async () => {
    const shipper = await newShipper(server())
    const label = await settled(shipper, 'is recorded as voided')
    const other = { ...label, carrier_id: await shipper.connect() }
    assert.deepEqual(importOutcomes(await shipper.record(other)), ['imported'])
    assert.equal(await openAt(shipper, label), 0)
    const wrong = await manifest(shipper, label, { tracking_numbers: [label.tracking_number] })
    assert.deepEqual(errorsOf(wrong), ['invalid_status tracking_numbers[0]'], 'its own settled one is meant')
  })

  test('a manifest that is repeated under its submission answers the labels that it was made of, not those that came since', async () => {
    const shipper = await newShipper(server())
    const old = await settled(shipper, 'is recorded as voided')
    const { carrier_id } = old
    const labels = [newLabel(carrier_id, { ship_date: FIRST }), newLabel(carrier_id, { ship_date: FIRST })]
    const tracking_numbers = labels.map(({ tracking_number }) => tracking_number)
    await shipper.record(...labels)
    const first = await manifest(shipper, old, { tracking_numbers, submission_id: 'S1' })
    await shipper.record(...labels.map((label) => ({ ...label, ship_date: LATER })))
    const again = await manifest(shipper, old, { tracking_numbers, submission_id: 'S1' })
    assert.deepEqual(again.json.manifests, first.json.manifests)
    assert.equal(await openAt(shipper, old), 2)
    const next = await manifest(shipper, old, { tracking_numbers, submission_id: 'S2' })
    assert.notEqual(next.json.manifest_id, first.json.manifest_id)
    for (const [submission_id, made] of Object.entries({ S1: first, S2: next })) {
      const { json } = await manifest(shipper, old, { tracking_numbers, submission_id })
      assert.deepEqual(json.manifests, made.json.manifests)
    }
    assert.equal(await openAt(shipper, old), 0)
  })

  test('labels of a number wait under a connection that is deleted and restored as they did before', async () => {
    const shipper = await newShipper(server())
    const old = await settled(shipper, 'is recorded as voided')
    const label = { ...old, ship_date: LATER }
    const { label_id } = (await shipper.record(label)).json.results[0]
    const path = `/v1/connections/carriers/couriers_please/${old.carrier_id}`
    assert.equal((await shipper.send('DELETE', `${path}?force=true`)).status, 204)
    assert.deepEqual(importOutcomes(await shipper.record(label)), [
      'refused carrier_not_connected labels[0].carrier_id',
    ])
    assert.equal((await shipper.send('POST', `${path}/restore`)).status, 200)
    const again = await shipper.record(label)
    assert.deepEqual([...importOutcomes(again), again.json.results[0].label_id], ['unchanged', label_id])
    assert.equal(await openAt(shipper, old), 1)
  })

  test('the database itself takes no second open label of a connection and number', async () => {
    const shipper = await newShipper(server())
    const label = newLabel(await shipper.connect())
    await shipper.record(label)
    const [row] = (await storedLabels(shipper)).labels
    assert.ok(row)
    const add = (more: Partial<typeof row>) =>
      server().ctx.store.transaction(shipper.tenantId, (tx) =>
        tx
          .insertInto('label')
          .values({ ...row, ...more })
          .execute(),
      )
    for (const status of ['processing', 'completed'] as const)
      await assert.rejects(add({ label_id: 'se-9', status }))
    await add({ label_id: 'se-8', status: 'voided', voided_at: row.created_at })
  })
})
