import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { SHIP_DATE, startOfDay, newLabel, newShipper, errorsOf } from '../../support/shipments/labels.ts'
import { recordAll, type Manifest } from '../../support/shipments/record-all.ts'
import { MINUTE, newClock } from '../../support/clock.ts'

const PATH = '/v1/manifests/import'
const ABSENT = 'se-0000000000000000'
const clock = newClock()

onEveryDatabase(
  'recorded manifests',
  (server) => {
    test('what would act at the carrier is refused, and says where to record it', async () => {
      const { send } = await newShipper(server())
      const answer = await send('POST', '/v1/manifests', { body: { label_ids: ['se-1'] } })
      assert.equal(answer.status, 400)
      assert.deepEqual(errorsOf(answer), ['carrier_not_supported -'])
      assert.match(answer.json.errors[0].message, /\/v1\/manifests\/import/)
    })

    test('a manifest is the account’s own, in its own environment', async () => {
      const shipper = await newShipper(server())
      const carrier_id = await shipper.connect()
      const label_ids = await recordAll(shipper, [newLabel(carrier_id)])
      const { manifest_id } = (await shipper.send('POST', PATH, { body: { carrier_id, label_ids } })).json
      assert.deepEqual(errorsOf(await shipper.send('GET', '/v1/manifests/x')), [
        'invalid_identifier manifest_id',
      ])
      for (const other of [
        await newShipper(server()),
        await newShipper(server(), { environment: 'sandbox', tenantId: shipper.tenantId }),
      ]) {
        const answer = await other.send('GET', `/v1/manifests/${manifest_id}`)
        assert.equal(answer.status, 404)
        assert.deepEqual(errorsOf(answer), ['unspecified manifest_id'])
        assert.equal((await other.send('GET', `/v1/manifests?label_ids=${label_ids[0]}`)).json.total, 0)
      }
    })

    test('list: filters, pages and links', async () => {
      const shipper = await newShipper(server())
      const carriers = [await shipper.connect(), await shipper.connect()]
      const made: (Manifest & { created_at: string; carrier_id: string })[] = []
      for (let turn = 0; turn < 12; turn += 1) {
        clock.forward(MINUTE)
        const carrier_id = carriers[turn % 2] ?? ''
        const said = { warehouse_id: `se-${turn % 3}`, ship_date: `2026-03-0${1 + (turn % 4)}` }
        const label_ids = await recordAll(shipper, [newLabel(carrier_id, said)])
        made.unshift((await shipper.send('POST', PATH, { body: { carrier_id, label_ids } })).json)
      }
      const list = async (query: string) => (await shipper.send('GET', `/v1/manifests?${query}`)).json
      const idsOf = (list: { manifest_id: string }[]) => list.map(({ manifest_id }) => manifest_id)
      const at = made[4]?.created_at ?? ''
      const filters: [query: string, holds: (manifest: (typeof made)[number]) => boolean][] = [
        ['', () => true],
        ['warehouse_id=se-1', ({ warehouse_id }) => warehouse_id === 'se-1'],
        [`carrier_id=${carriers[1]}`, ({ carrier_id }) => carrier_id === carriers[1]],
        [
          'ship_date_start=2026-03-02T23:30:00-08:00',
          ({ ship_date }) => ship_date >= startOfDay('2026-03-02'),
        ],
        ['ship_date_start=2026-03-02T15:00:00Z', ({ ship_date }) => ship_date >= startOfDay('2026-03-02')],
        ['ship_date_start=2026-03-02T00:00:00', ({ ship_date }) => ship_date >= startOfDay('2026-03-02')],
        ['ship_date_end=2026-03-02', ({ ship_date }) => ship_date <= startOfDay('2026-03-02')],
        [`created_at_start=${at}`, ({ created_at }) => created_at >= at],
        [`created_at_end=${at}`, ({ created_at }) => created_at <= at],
        [
          `label_ids=${made[2]?.label_ids[0]}&label_ids=${made[7]?.label_ids[0]}&label_ids=${ABSENT}`,
          ({ manifest_id }) => [made[2]?.manifest_id, made[7]?.manifest_id].includes(manifest_id),
        ],
        [
          `carrier_id=${carriers[0]}&warehouse_id=se-2&ship_date_end=2026-03-01`,
          (manifest) =>
            manifest.carrier_id === carriers[0] &&
            manifest.warehouse_id === 'se-2' &&
            manifest.ship_date === startOfDay(SHIP_DATE),
        ],
      ]
      for (const [query, holds] of filters) {
        const { manifests, total, page, pages } = await list(query)
        assert.deepEqual(idsOf(manifests), idsOf(made.filter(holds)), query)
        assert.deepEqual([total, page, pages], [made.filter(holds).length, 1, 1])
      }
      const seen: string[] = []
      let next: string | undefined =
        `/v1/manifests?label_ids=${made.map(({ label_ids }) => label_ids[0]).join('&label_ids=')}&page_size=5`
      while (next !== undefined) {
        const { json } = await shipper.send('GET', next)
        assert.equal(json.pages, 3)
        seen.push(...idsOf(json.manifests))
        next = json.links.next.href?.slice('http://localhost:80'.length)
      }
      assert.deepEqual(seen, idsOf(made))
      const none = await list('warehouse_id=se-99')
      assert.deepEqual([none.total, none.page, none.pages], [0, 1, 1])
      for (const query of [
        'warehouse_id=x',
        'carrier_id=x',
        'ship_date_start=x',
        'created_at_end=x',
        'label_ids=x',
        'page_size=101',
        'page=0',
      ]) {
        const answer = await shipper.send('GET', `/v1/manifests?${query}`)
        assert.equal(answer.status, 400)
        assert.deepEqual(errorsOf(answer), [`invalid_field_value ${query.split('=')[0]}`])
      }
    })
  },
  { clock: clock.now },
)
