import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { startOfDay, newLabel, newShipper, errorsOf, type Shipper } from '../../support/shipments/labels.ts'
import { MINUTE, newClock } from '../../support/clock.ts'

const clock = newClock()
const STATUSES = ['processing', 'completed', 'error', 'voided'] as const
type Shown = {
  label_id: string
  carrier_id: string
  status: string
  tracking_number: string
  created_at: string
}

onEveryDatabase(
  'list of labels',
  (server) => {
    let shipper: Shipper
    let carriers: string[]
    const get = async (query: string) => (await shipper.send('GET', `/v1/labels?${query}`)).json
    const idsOf = ({ labels }: { labels: Shown[] }) => labels.map(({ label_id }) => label_id)

    /** Records 60 labels, four at a time with one label of each status. */
    before(async () => {
      shipper = await newShipper(server())
      carriers = [await shipper.connect(), await shipper.connect()]
      for (let batch = 0; batch < 15; batch += 1) {
        clock.forward(MINUTE)
        const labels = STATUSES.map((status, place) =>
          newLabel(carriers[(batch + place) % 2] ?? '', {
            ...{ status, tracking_number: `n-${batch}-${place}` },
            ...(batch % 3 === 0 ? {} : { warehouse_id: `se-${batch % 3}` }),
            ...(batch % 2 === 0 ? { service_code: 'usps_priority_mail' } : {}),
          }),
        )
        assert.equal((await shipper.record(...labels)).json.imported, STATUSES.length)
      }
    })

    test('a parameter that is not well-formed is refused by name', async () => {
      for (const query of [
        ...[
          'label_status=lost',
          'carrier_id=x',
          'warehouse_id=x',
          'batch_id=x',
          'rate_id=x',
          'shipment_id=x',
        ],
        ...['service_code=A%20B', 'tracking_number=', 'created_at_start=x', 'created_at_end=2026-02-30'],
        ...[
          'refund_status=pending,lost',
          'page=0',
          'page_size=501',
          'page_size=0',
          'sort_dir=up',
          'sort_by=status',
        ],
        ...['carrier_id=se-1&carrier_id=se-2', 'tracking_number=%00'],
      ]) {
        const answer = await shipper.send('GET', `/v1/labels?${query}`)
        assert.equal(answer.status, 400, query)
        assert.deepEqual(errorsOf(answer), [`invalid_field_value ${query.split('=')[0]}`])
      }
    })

    test('what Hawser does not keep finds nothing', async () => {
      for (const query of [
        'batch_id=se-1',
        'rate_id=se-1',
        'shipment_id=se-1',
        'refund_status=pending,approved',
      ]) {
        const { labels, total, pages } = await get(query)
        assert.deepEqual([labels, total, pages], [[], 0, 0], query)
      }
      assert.deepEqual((await get('carrier_id=se-0000000000000000')).labels, [])
    })

    test('newest first, 25 to a page, unless told otherwise', async () => {
      const { labels, total, page, pages, links } = await get('')
      assert.deepEqual([labels.length, total, page, pages], [25, 60, 1, 3])
      const link = (to: number) => ({ href: `http://localhost:80/v1/labels?page=${to}&page_size=25` })
      assert.deepEqual(links, { first: link(1), last: link(3), prev: {}, next: link(2) })
      const numbers = labels.map(({ tracking_number }: Shown) => tracking_number)
      assert.deepEqual(numbers.slice(0, 5), ['n-14-3', 'n-14-2', 'n-14-1', 'n-14-0', 'n-13-3'])
      const oldest = (await get('sort_dir=asc')).labels.map(({ tracking_number }: Shown) => tracking_number)
      assert.deepEqual(oldest.slice(0, 5), ['n-0-0', 'n-0-1', 'n-0-2', 'n-0-3', 'n-1-0'])
    })

    test('pages are complete and disjoint, whatever the order and the filter; their links keep both', async () => {
      for (const query of [
        ...[
          '',
          'sort_by=modified_at',
          'sort_by=voided_at',
          'sort_by=voided_at&sort_dir=asc',
          'label_status=voided',
        ],
        ...[`carrier_id=${carriers[0]}&sort_dir=asc`, 'warehouse_id=se-1', 'service_code=usps_priority_mail'],
        `carrier_id=${carriers[1]}&label_status=completed&warehouse_id=se-2`,
      ]) {
        const whole = await get(`${query}&page_size=500`)
        assert.equal(whole.total, whole.labels.length, query)
        assert.deepEqual(whole.links.next, {})
        const seen: string[] = []
        let next: string | undefined = `/v1/labels?${query}&page_size=7`
        while (next !== undefined) {
          const { json } = await shipper.send('GET', next)
          assert.equal(json.total, whole.total)
          assert.equal(json.pages, Math.ceil(whole.total / 7))
          seen.push(...idsOf(json))
          next = json.links.next.href?.slice('http://localhost:80'.length)
        }
        assert.deepEqual(seen, idsOf(whole), query)
        assert.equal(new Set(seen).size, seen.length)
      }
      const beyond = await get('page=9&page_size=25')
      assert.deepEqual([beyond.labels, beyond.total, beyond.links.next], [[], 60, {}])
    })

    test('every combination of filters finds what has all of it, and counts it', async () => {
      const all: Shown[] = (await get('page_size=500')).labels
      const batchOf = ({ tracking_number }: Shown) => Number(tracking_number.split('-')[1])
      const warehouse = (label: Shown) => `se-${batchOf(label) % 3}`
      const filters: [query: string, holds: (label: Shown) => boolean][] = [
        [`carrier_id=${carriers[0]}`, ({ carrier_id }) => carrier_id === carriers[0]],
        ['label_status=completed', ({ status }) => status === 'completed'],
        ['warehouse_id=se-2', (label) => warehouse(label) === 'se-2'],
        ['service_code=usps_priority_mail', (label) => batchOf(label) % 2 === 0],
        ['tracking_number=n-2-1', ({ tracking_number }) => tracking_number === 'n-2-1'],
        [
          `created_at_start=${all[31]?.created_at}`,
          ({ created_at }) => created_at >= (all[31]?.created_at ?? ''),
        ],
        [
          `created_at_end=${all[8]?.created_at}`,
          ({ created_at }) => created_at <= (all[8]?.created_at ?? ''),
        ],
      ]
      for (let chosen = 0; chosen < 2 ** filters.length; chosen += 1) {
        const some = filters.filter((_, place) => (chosen >> place) % 2 === 1)
        const expected = all.filter((label) => some.every(([, holds]) => holds(label)))
        const found = await get(`page_size=500&${some.map(([query]) => query).join('&')}`)
        assert.deepEqual(
          [idsOf(found), found.total],
          [expected.map(({ label_id }) => label_id), expected.length],
        )
      }
    })

    test('those that a delete waits for are listed by ship date, with what a delete would say of them', async () => {
      const here = await newShipper(server())
      const carrier_id = await here.connect()
      const days = [3, 1, 2, 1, 3, 2, 1].map((day) => `2026-03-0${day}`)
      const labels = days.map((ship_date, place) =>
        newLabel(carrier_id, { ship_date, warehouse_id: `se-${place % 2}` }),
      )
      const others = ['processing', 'error', 'voided'].map((status) => newLabel(carrier_id, { status }))
      await here.record(...labels, ...others, newLabel(await here.connect()))
      const [manifested] = labels
      const wish = { carrier_id, tracking_numbers: [manifested?.tracking_number] }
      assert.equal((await here.send('POST', '/v1/manifests/import', { body: wish })).status, 200)
      const open = labels.slice(1)
      const list = async (query: string) =>
        (await here.send('GET', `/v1/labels?carrier_id=${carrier_id}&open=true${query}`)).json
      const whole = await list('')
      assert.deepEqual(
        whole.labels.map(({ ship_date }: { ship_date: string }) => ship_date),
        open.map(({ ship_date }) => startOfDay(ship_date)).sort(),
      )
      const route = `/v1/connections/carriers/endicia/${carrier_id}/dependents`
      const { open_labels } = (await here.send('GET', route)).json
      assert.deepEqual(open_labels, { count: whole.total, oldest_ship_date: '2026-03-01' })
      assert.equal((await list('&label_status=completed')).total, open.length)
      assert.equal((await list('&label_status=voided')).total, 0)
      const placed = await list('&warehouse_id=se-1')
      assert.deepEqual([placed.total, placed.labels.length], [3, 3])
      const seen: string[] = []
      for (let page = await list('&page_size=2'); ;) {
        seen.push(...idsOf(page))
        const next = page.links.next.href?.slice('http://localhost:80'.length)
        if (next === undefined) break
        page = (await here.send('GET', next)).json
      }
      assert.deepEqual(seen, idsOf(whole))
      for (const [query, problem] of [
        ['open=true', 'field_value_required carrier_id'],
        ['open=false', 'invalid_field_value open'],
        [`open=true&carrier_id=${carrier_id}&sort_by=created_at`, 'field_conflict sort_by'],
        [`open=true&carrier_id=${carrier_id}&sort_dir=asc`, 'field_conflict sort_dir'],
      ])
        assert.deepEqual(errorsOf(await here.send('GET', `/v1/labels?${query}`)), [problem])
    })

    test('sorted by the time of their voiding, those that are not voided stand at the old end', async () => {
      const { json } = await shipper.send('GET', '/v1/labels?sort_by=voided_at&page_size=500')
      const voided = json.labels.map(({ voided }: { voided: boolean }) => voided)
      assert.deepEqual(voided, [...Array(15).fill(true), ...Array(45).fill(false)])
      clock.forward(MINUTE)
      const first = (await get('sort_dir=asc&label_status=completed')).labels[0].label_id
      await shipper.send('POST', `/v1/labels/${first}/record_void`)
      assert.equal((await get('sort_by=voided_at')).labels[0].label_id, first)
      assert.equal((await get('sort_by=modified_at')).labels[0].label_id, first)
    })

    test('another account sees none of them, and neither does the other environment', async () => {
      for (const other of [
        await newShipper(server()),
        await newShipper(server(), { environment: 'sandbox', tenantId: shipper.tenantId }),
      ]) {
        for (const query of [
          '',
          `carrier_id=${carriers[0]}`,
          'tracking_number=n-1-1',
          'created_at_start=2020-01-01',
        ]) {
          const { labels, total } = (await other.send('GET', `/v1/labels?${query}`)).json
          assert.deepEqual([labels, total], [[], 0])
        }
      }
      assert.equal((await get(`created_at_end=${startOfDay('2020-01-01')}`)).total, 0)
    })
  },
  { clock: clock.now },
)

onEveryDatabase(
  'links',
  (server) => {
    test('lead to where the operator says that clients reach the server, whatever a request calls it', async () => {
      for (const route of ['/v1/labels', '/v1/manifests', '/v2/labels']) {
        const { json } = await server().request('GET', route, { headers: { host: 'evil.example' } })
        assert.equal(json.links.first.href, `https://hawser.example${route}?page=1&page_size=25`)
      }
    })
  },
  { env: { HAWSER_PUBLIC_URL: 'https://hawser.example' } },
)
