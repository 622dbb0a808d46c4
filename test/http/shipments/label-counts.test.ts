import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openShipments } from '../../../src/store/tables/shipments/labels.ts'
import type { Label, LabelCount } from '../../../src/store/schema/tables.ts'
import { databases } from '../../support/database/databases.ts'
import { openTestServer } from '../../support/server/test-server.ts'
import { storedLabels, newShipper, type Shipper } from '../../support/shipments/labels.ts'

const kind = { c: fc.nat(1), n: fc.nat(4), w: fc.constantFrom(undefined, null, 'se-1', 'se-2') }
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(
      fc.record({
        ...{ at: fc.constant('label' as const), ...kind, day: fc.integer({ min: 1, max: 3 }) },
        status: fc.constantFrom(undefined, 'processing', 'completed', 'error', 'voided'),
        service: fc.constantFrom(undefined, null, 'a', 'b'),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  },
  { weight: 2, arbitrary: fc.record({ at: fc.constant('void' as const), ...kind }) },
  {
    weight: 3,
    arbitrary: fc.record({
      at: fc.constant('manifest' as const),
      c: kind.c,
      ns: fc.uniqueArray(kind.n, { minLength: 1, maxLength: 4 }),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

async function take(shipper: Shipper, carriers: readonly string[], now: Step): Promise<void> {
  if (Array.isArray(now))
    await shipper.record(
      ...now.map(({ c, n, w, day, status, service }) => ({
        ...{ carrier_id: carriers[c], tracking_number: `n${n}`, ship_date: `2026-03-0${day}` },
        ...{ status, warehouse_id: w, service_code: service },
      })),
    )
  else if (now.at === 'void') {
    const path = `/v1/labels?carrier_id=${carriers[now.c]}&tracking_number=n${now.n}`
    const [label] = (await shipper.send('GET', path)).json.labels
    if (label) await shipper.send('POST', `/v1/labels/${label.label_id}/record_void`)
  } else {
    const numbers = now.ns.map((n) => `n${n}`)
    const path = `/v1/labels?label_status=completed&carrier_id=${carriers[now.c]}`
    const { labels } = (await shipper.send('GET', path)).json as { labels: Label[] }
    const there = labels.map((label) => label.tracking_number).filter((number) => numbers.includes(number))
    const tracking_numbers = there.length > 0 ? there : numbers
    await shipper.send('POST', '/v1/manifests/import', {
      body: { carrier_id: carriers[now.c], tracking_numbers },
    })
  }
}

type Counted = Record<string, number>

/** Computes the counts from the labels themselves. */
function recount(labels: readonly Label[]): Counted {
  const counted: Counted = {}
  for (const { carrier_id, warehouse_id, service_code, status, manifest_id } of labels)
    for (const name of [status, ...(status === 'completed' && manifest_id === null ? ['open'] : [])]) {
      const place = [carrier_id, warehouse_id ?? '', service_code ?? '', name].join(' ')
      counted[place] = (counted[place] ?? 0) + 1
    }
  return counted
}

const kept = (counts: readonly LabelCount[]): Counted =>
  Object.fromEntries(
    counts.flatMap(({ carrier_id, warehouse_id, service_code, ...count }) =>
      (['processing', 'completed', 'error', 'voided', 'open'] as const)
        .filter((name) => count[name] !== 0)
        .map((name) => [[carrier_id, warehouse_id, service_code, name].join(' '), count[name]]),
    ),
  )

async function assertCounted(shipper: Shipper, carriers: readonly string[]): Promise<void> {
  const { labels, counts } = await storedLabels(shipper)
  assert.deepEqual(kept(counts), recount(labels))
  for (const carrierId of carriers) {
    const open = labels.filter(
      (label) => label.carrier_id === carrierId && label.status === 'completed' && label.manifest_id === null,
    )
    const key = { tenantId: shipper.tenantId, environment: shipper.environment, carrierId }
    assert.deepEqual(await shipper.server.ctx.store.read(shipper.tenantId, (db) => openShipments(db, key)), {
      count: open.length,
      oldestShipDate: open.map(({ ship_date }) => ship_date).sort()[0] ?? null,
    })
  }
}

for (const database of databases)
  test(`counts of labels are those of the rows, after whatever was done (${database})`, async (t) => {
    const server = await openTestServer(database)
    t.after(server.close)
    let reached = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 12 }), async (steps) => {
        const shipper = await newShipper(server)
        const carriers = [await shipper.connect(), await shipper.connect()]
        for (const now of steps) await take(shipper, carriers, now)
        await assertCounted(shipper, carriers)
        const { labels } = await storedLabels(shipper)
        if (labels.some(({ manifest_id }) => manifest_id !== null)) reached += 1
      }),
      { numRuns: process.env.HAWSER_TEST_QUICK ? 8 : 30 },
    )
    assert.ok(reached > 0, 'some of it was manifested')
  })

for (const database of databases)
  test(`the control: a label that goes without its count is found (${database})`, async (t) => {
    const server = await openTestServer(database)
    t.after(server.close)
    const shipper = await newShipper(server)
    const carriers = [await shipper.connect()]
    await take(shipper, carriers, [
      { at: 'label', c: 0, n: 1, w: null, day: 1, status: undefined, service: null },
    ])
    await assertCounted(shipper, carriers)
    await server.ctx.store.transaction(shipper.tenantId, (tx) =>
      tx.updateTable('label').set({ status: 'error' }).execute(),
    )
    await assert.rejects(assertCounted(shipper, carriers))
  })
