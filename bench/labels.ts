import { randomInt } from 'node:crypto'
import type { Actor } from '../src/context.ts'
import { importLabels } from '../src/manifests/import-labels.ts'
import { importManifest } from '../src/manifests/import-manifest.ts'
import { newIds } from '../src/ids.ts'
import { getLabel, listLabels, type LabelFilter, type LabelOrder } from '../src/manifests/labels.ts'
import { Secret } from '../src/secret.ts'
import { openShipments, writeLabels } from '../src/store/tables/shipments/labels.ts'
import { insertManifests } from '../src/store/tables/shipments/manifests.ts'
import type { Label, Manifest } from '../src/store/schema/tables.ts'
import { operator } from '../src/tenants/operator.ts'
import { connectBodies } from '../test/support/connections/connect-bodies.ts'
import { unique } from '../test/support/unique.ts'
import { runAsOwner } from '../test/support/database/databases.ts'
import { openTestServer, type TestServer } from '../test/support/server/test-server.ts'
import { startPostgres } from '../test/support/database/postgres-server.ts'

// `node bench/labels.ts [--postgres] [--few=10000] [--many=1000000]` measures how long reading and writing recorded labels takes.
// It measures an account with few labels and an account with many, in turn in one run.
const flag = (name: string, usual: number) =>
  Number(process.argv.find((word) => word.startsWith(`--${name}=`))?.split('=')[1] ?? usual)
const isPostgres = process.argv.includes('--postgres')
const sizes = { few: flag('few', 10_000), many: flag('many', 1_000_000) }
const ROUNDS = 101
const WRITES = 25
const BATCH = 5_000
const IN_RANGE = 1_000
const SECOND = 1_000

type Side = { server: TestServer; actor: Actor; carriers: string[]; known: Label[]; since: string }

/** Stores an account with connections and labels; the labels are a second apart, and one in ten is open while the others are manifested or have another status. */
async function fill(count: number): Promise<Side> {
  const server = await openTestServer(isPostgres ? 'postgres' : 'sqlite', {
    repeatTransactions: false,
    env: { HAWSER_LOG_LEVEL: 'fatal' },
  })
  const actor = { ...operator('cli', { environment: 'production' }), tenantId: server.tenantId }
  const carriers: string[] = []
  for (let turn = 0; turn < 5; turn += 1) {
    const body = { ...connectBodies.endicia, account: unique() }
    const answer = await server.request('POST', '/v1/connections/carriers/endicia', { body })
    carriers.push(answer.json.carrier_id)
  }
  const now = Date.now()
  const known: Label[] = []
  for (let done = 0; done < count; done += BATCH) {
    const size = Math.min(BATCH, count - done)
    await server.ctx.store.transaction(actor.tenantId, async (tx) => {
      const at = (index: number) => new Date(now - (count - done - index) * SECOND)
      const [manifestId = ''] = newIds(at(0), 1)
      await insertManifests(tx, [manifestOf(actor, manifestId, at(0).toISOString())])
      const labels = Array.from({ length: size }, (_, index) =>
        labelOf(actor, carriers, at(index), manifestId),
      )
      known.push(...labels.slice(0, 5))
      await writeLabels(
        tx,
        labels.map((after) => ({ after })),
      )
    })
  }
  if (isPostgres) await runAsOwner(server.env.HAWSER_DATABASE_URL ?? '', 'vacuum analyze')
  return { server, actor, carriers, known, since: new Date(now - IN_RANGE * SECOND).toISOString() }
}

const pick = <T>(list: readonly T[]): T => list[randomInt(list.length)] as T

function labelOf(
  { tenantId, environment }: Actor,
  carriers: readonly string[],
  at: Date,
  manifestId: string,
): Label {
  const chance = randomInt(100)
  const status = chance < 2 ? 'error' : chance < 5 ? 'processing' : chance < 10 ? 'voided' : 'completed'
  const time = at.toISOString()
  return {
    ...{ tenant_id: tenantId, environment, label_id: newIds(at, 1)[0] ?? '', carrier_id: pick(carriers) },
    ...{
      carrier: 'endicia',
      tracking_number: `94${randomInt(2 ** 47)}`,
      status,
      ship_date: time.slice(0, 10),
    },
    ...{ warehouse_id: `se-${randomInt(10)}`, service_code: `service_${randomInt(20)}` },
    ...{ external_shipment_id: `order-${randomInt(2 ** 40)}`, created_at: time, modified_at: time },
    ...{ voided_at: status === 'voided' ? time : null },
    ...{ manifest_id: status === 'completed' && randomInt(10) > 0 ? manifestId : null },
  }
}

const manifestOf = ({ tenantId, environment }: Actor, manifest_id: string, at: string): Manifest => ({
  ...{ tenant_id: tenantId, environment, manifest_id, carrier_id: 'se-0', warehouse_id: null },
  ...{ ship_date: at.slice(0, 10), shipments: BATCH, submission_id: null, download: null },
  ...{ created_at: at, recorded_at: at },
})

const NEWEST: LabelOrder = { by: 'created_at', direction: 'desc' }
const list =
  (filter: (side: Side) => LabelFilter, order = NEWEST) =>
  (side: Side) =>
    listLabels(side.server.ctx, side.actor, filter(side), { order, page: 1, size: 25 })

const carrierId = ({ carriers }: Side) => pick(carriers)
const warehouseId = () => `se-${randomInt(10)}`

const reads: [name: string, work: (side: Side) => Promise<unknown>][] = [
  ['list', list(() => ({}))],
  ['list, modified last', list(() => ({}), { by: 'modified_at', direction: 'desc' })],
  ['list, voided last', list(() => ({}), { by: 'voided_at', direction: 'desc' })],
  ['list of a connection', list((side) => ({ carrierId: carrierId(side) }))],
  ['list of a status', list(() => ({ status: 'voided' }))],
  ['list of a connection and status', list((side) => ({ carrierId: carrierId(side), status: 'error' }))],
  ['list of a warehouse', list(() => ({ warehouseId: warehouseId() }))],
  ['list of a warehouse and status', list(() => ({ warehouseId: warehouseId(), status: 'processing' }))],
  [
    'list of all three',
    list((side) => ({ carrierId: carrierId(side), warehouseId: warehouseId(), status: 'completed' })),
  ],
  ['list of a service', list(() => ({ serviceCode: `service_${randomInt(20)}` }))],
  ['list of the same last 1,000', list(({ since }) => ({ createdFrom: since }))],
  [
    'list of them, of a connection',
    list((side) => ({ createdFrom: side.since, carrierId: carrierId(side) })),
  ],
  [
    'list of open ones of a connection',
    list((side) => ({ carrierId: carrierId(side), isOpen: true }), { by: 'ship_date', direction: 'asc' }),
  ],
  ['find a tracking number', list(({ known }) => ({ trackingNumber: pick(known).tracking_number }))],
  ['get', ({ server, actor, known }) => getLabel(server.ctx, actor, pick(known).label_id)],
  [
    'guard',
    (side) => {
      const { server, actor } = side
      const key = { ...actor, carrierId: carrierId(side) }
      return server.ctx.store.read(actor.tenantId, (db) => openShipments(db, key))
    },
  ],
]

const fresh = (side: Side) => {
  const carrier_id = carrierId(side)
  return Array.from({ length: 100 }, () => ({
    ...{ carrier_id, tracking_number: unique('new'), ship_date: '2026-03-01' },
    ...{ warehouse_id: 'se-1', service_code: 'service_1' },
  }))
}
const record = ({ server, actor }: Side, labels: unknown[]) =>
  importLabels(server.ctx, actor, () => new Secret({ labels }))

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

const print = (name: string, few: number, many: number) =>
  console.log(
    `${name.padEnd(34)}${few.toFixed(3).padStart(10)}${many.toFixed(3).padStart(12)}${(many / few).toFixed(2).padStart(9)}`,
  )

const postgres = isPostgres ? await startPostgres({ durable: true }) : undefined
if (postgres) process.env.HAWSER_TEST_POSTGRES_URL = postgres.url
const few = await fill(sizes.few)
const many = await fill(sizes.many)
console.log(`labels of one account, ${isPostgres ? 'PostgreSQL' : 'SQLite'}; medians in ms`)
console.log(`${''.padEnd(34)}${`${sizes.few}`.padStart(10)}${`${sizes.many}`.padStart(12)}    ratio`)
for (const [name, work] of reads) {
  const took: { few: number[]; many: number[] } = { few: [], many: [] }
  for (let round = -20; round < ROUNDS; round += 1) {
    const both = { few: await timed(() => work(few)), many: await timed(() => work(many)) }
    if (round < 0) continue
    took.few.push(both.few)
    took.many.push(both.many)
  }
  print(name, median(took.few), median(took.many))
}
const writes: Record<'import' | 'manifest', { few: number[]; many: number[] }> = {
  import: { few: [], many: [] },
  manifest: { few: [], many: [] },
}
for (let round = -3; round < WRITES; round += 1)
  for (const [size, side] of [
    ['few', few],
    ['many', many],
  ] as const) {
    const labels = fresh(side)
    const imported = await timed(() => record(side, labels))
    const wish = {
      carrier_id: labels[0]?.carrier_id,
      tracking_numbers: labels.map((label) => label.tracking_number),
    }
    const manifested = await timed(() => importManifest(side.server.ctx, side.actor, () => new Secret(wish)))
    if (round < 0) continue
    writes.import[size].push(imported)
    writes.manifest[size].push(manifested)
  }
print('import of 100', median(writes.import.few), median(writes.import.many))
print('manifest of 100', median(writes.manifest.few), median(writes.manifest.many))
await few.server.close()
await many.server.close()
await postgres?.stop()
