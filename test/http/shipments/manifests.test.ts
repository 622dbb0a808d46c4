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
  errorsOf,
} from '../../support/shipments/labels.ts'
import { createWebhook } from '../../support/webhooks/create-webhook.ts'
import { recordAll, type Manifest } from '../../support/shipments/record-all.ts'
import { HOUR, MINUTE, newClock } from '../../support/clock.ts'
import { outbox } from '../../support/webhooks/outbox.ts'

const PATH = '/v1/manifests/import'
const ABSENT = 'se-0000000000000000'
const clock = newClock()

onEveryDatabase(
  'manifests',
  (server) => {
    test('import: every bad field is refused at once, by name, and nothing is recorded', async () => {
      const shipper = await newShipper(server())
      const carrier_id = await shipper.connect()
      const good = { carrier_id, label_ids: ['se-1'] }
      const later = new Date(clock.now().getTime() + 6 * MINUTE).toISOString()
      const wrong: [body: unknown, ...problems: string[]][] = [
        [{}, 'field_value_required carrier_id', 'field_value_required label_ids'],
        [{ carrier_id, label_ids: [] }, 'field_value_required label_ids'],
        [{ carrier_id, tracking_numbers: [] }, 'field_value_required tracking_numbers'],
        ...['', null].map((empty): [unknown, string] => [
          { carrier_id, label_ids: empty, tracking_numbers: empty },
          'field_value_required label_ids',
        ]),
        ...['', null].map((empty): [unknown, string] => [
          { ...good, label_ids: empty, tracking_numbers: ['a', 'a'] },
          'field_conflict tracking_numbers[1]',
        ]),
        ...['', null].map((empty): [unknown, string] => [
          { carrier_id, label_ids: ['x'], tracking_numbers: empty },
          'invalid_field_value label_ids[0]',
        ]),
        [{ ...good, tracking_numbers: ['1'] }, 'field_conflict tracking_numbers'],
        [{ carrier_id, label_ids: 'se-1' }, 'invalid_field_value label_ids'],
        [{ carrier_id, label_ids: Array(5_001).fill('se-1') }, 'invalid_field_value label_ids'],
        [
          { carrier_id, label_ids: ['se-1', 'x', 7, 'se-1'] },
          ...[
            'invalid_field_value label_ids[1]',
            'invalid_field_value label_ids[2]',
            'field_conflict label_ids[3]',
          ],
        ],
        [
          { carrier_id, tracking_numbers: ['', 'a', 'a'] },
          'invalid_field_value tracking_numbers[0]',
          'field_conflict tracking_numbers[2]',
        ],
        [{ ...good, carrier_id: 'x', submission_id: '' }, 'invalid_field_value carrier_id'],
        [{ ...good, manifested_at: 'noon' }, 'invalid_field_value manifested_at'],
        [{ ...good, manifested_at: later }, 'invalid_field_value manifested_at'],
        [{ ...good, manifest_download: 'https://x.example/' }, 'invalid_field_value manifest_download'],
        [{ ...good, manifest_download: {} }, 'field_value_required manifest_download.href'],
        [
          { ...good, manifest_download: { href: 'http://x.example/' } },
          'invalid_field_value manifest_download.href',
        ],
        [
          { ...good, manifest_download: { href: 'https://u:p@x.example/' } },
          'invalid_field_value manifest_download.href',
        ],
        [{ ...good, manifest_download: { href: 'https://x.example/', url: 1 } }, 'invalid_field_value -'],
        [{ ...good, shipments: 3 }, 'invalid_field_value -'],
      ]
      for (const [body, ...problems] of wrong) {
        const answer = await shipper.send('POST', PATH, { body })
        assert.equal(answer.status, 400, JSON.stringify(problems))
        assert.deepEqual(errorsOf(answer), problems)
      }
      assert.deepEqual(errorsOf(await shipper.send('POST', PATH)), ['request_body_required -'])
      assert.deepEqual(await labelEvents(shipper), [])
    })

    test('import: an unknown connection, a foreign and a deleted one are alike', async () => {
      const shipper = await newShipper(server())
      const foreign = await (await newShipper(server())).connect()
      const deleted = await shipper.connect()
      await shipper.send('DELETE', `/v1/carriers/${deleted}`)
      for (const carrier_id of [ABSENT, foreign, deleted]) {
        const answer = await shipper.send('POST', PATH, { body: { carrier_id, label_ids: ['se-1'] } })
        assert.equal(answer.status, 404)
        assert.deepEqual(errorsOf(answer), ['carrier_not_connected carrier_id'])
      }
    })

    test('import: one label that cannot be manifested refuses all of them', async () => {
      const shipper = await newShipper(server())
      const [carrier_id, other] = [await shipper.connect(), await shipper.connect()]
      const statuses = ['completed', 'voided', 'processing', 'error'].map((status) =>
        newLabel(carrier_id, { status }),
      )
      const ids = await recordAll(shipper, [...statuses, newLabel(other), newLabel(carrier_id)])
      const [open = '', voided = '', processing = '', failed = '', foreign = '', closed = ''] = ids
      assert.equal(
        (await shipper.send('POST', PATH, { body: { carrier_id, label_ids: [closed] } })).status,
        200,
      )
      const before = await storedLabels(shipper)
      const trail = await labelEvents(shipper)
      const stranger = await newShipper(server())
      const [absent = ''] = await recordAll(stranger, [
        newLabel(await stranger.connect(), { label_id: 'se-404' }),
      ])
      const wrong: [label_ids: string[], status: number, ...problems: string[]][] = [
        [[open, absent], 404, 'unspecified label_ids[1]'],
        [[open, foreign], 400, 'carrier_conflict label_ids[1]'],
        [[open, voided], 409, 'invalid_status label_ids[1]'],
        [[open, processing, failed], 409, 'invalid_status label_ids[1]', 'invalid_status label_ids[2]'],
        [[open, closed], 409, 'invalid_status label_ids[1]'],
      ]
      for (const [label_ids, status, ...problems] of wrong) {
        const answer = await shipper.send('POST', PATH, { body: { carrier_id, label_ids } })
        assert.deepEqual([answer.status, ...errorsOf(answer)], [status, ...problems])
      }
      assert.deepEqual(await storedLabels(shipper), before)
      assert.deepEqual(await labelEvents(shipper), trail)
      assert.equal((await shipper.send('GET', '/v1/manifests')).json.total, 1)
    })

    test('import: the answer is the published one, the first manifest at the top too', async () => {
      const shipper = await newShipper(server(), { environment: 'production', tenantId: server().tenantId })
      const before = (await labelEvents(shipper)).length
      await createWebhook(server(), { url: 'https://manifests.example/', event: 'connection.updated' })
      const carrier_id = await shipper.connect()
      const label = newLabel(carrier_id, { warehouse_id: 'se-12' })
      const [label_id] = await recordAll(shipper, [label])
      const manifested_at = new Date(clock.now().getTime() - HOUR).toISOString()
      const download = { href: 'https://carrier.example/scan-form.pdf' }
      const answer = await shipper.send('POST', PATH, {
        body: {
          ...{
            carrier_id,
            tracking_numbers: [label.tracking_number],
            submission_id: '9475711899564878915476',
          },
          ...{ manifested_at, manifest_download: download },
        },
      })
      assert.equal(answer.status, 200)
      const { manifest_id } = answer.json
      const manifest = {
        ...{
          manifest_id,
          form_id: manifest_id,
          created_at: manifested_at,
          ship_date: startOfDay(SHIP_DATE),
          shipments: 1,
        },
        ...{ label_ids: [label_id], warehouse_id: 'se-12', submission_id: '9475711899564878915476' },
        ...{ carrier_id, manifest_download: download },
      }
      assert.deepEqual(answer.json, {
        ...{ ...manifest, manifests: [manifest], manifest_requests: [], errors: [] },
        request_id: answer.headers['x-shipengine-requestid'],
      })
      assert.deepEqual((await shipper.send('GET', `/v2/manifests/${manifest_id}`)).json, manifest)
      assert.deepEqual((await labelEvents(shipper)).slice(before + 1), [
        [
          ...['manifest.imported', carrier_id, manifest_id],
          ['tracking_numbers', 'carrier_id', 'submission_id', 'manifested_at', 'manifest_download'],
        ],
      ])
      assert.deepEqual(await outbox(server()), [])
    })

    test('import: a plain day is no future while it is that day anywhere, and is kept as it was said', async () => {
      const shipper = await newShipper(server())
      const carrier_id = await shipper.connect()
      const firstOn = (day: number) => new Date(clock.now().getTime() + 14 * HOUR + day * 24 * HOUR)
      const dayOf = (time: Date) => time.toISOString().slice(0, 'YYYY-MM-DD'.length)
      for (const time of [firstOn(0), firstOn(-1), firstOn(-400)]) {
        const [label_id] = await recordAll(shipper, [newLabel(carrier_id)])
        const wish = { carrier_id, label_ids: [label_id], manifested_at: dayOf(time) }
        const answer = await shipper.send('POST', PATH, { body: wish })
        assert.equal(answer.status, 200, answer.text)
        assert.equal(answer.json.created_at, startOfDay(dayOf(time)))
      }
      const [label_id] = await recordAll(shipper, [newLabel(carrier_id)])
      const local = clock.now().toISOString().slice(0, 'YYYY-MM-DDThh:mm:ss'.length)
      for (const manifested_at of [dayOf(firstOn(1)), local]) {
        const answer = await shipper.send('POST', PATH, {
          body: { carrier_id, label_ids: [label_id], manifested_at },
        })
        assert.deepEqual(errorsOf(answer), ['invalid_field_value manifested_at'], manifested_at)
      }
    })

    test('import: every label that cannot be manifested is told at once, in the order of the body', async () => {
      const shipper = await newShipper(server())
      const [carrier_id, other] = [await shipper.connect(), await shipper.connect()]
      const [voided, foreign, open, closed] = await recordAll(shipper, [
        newLabel(carrier_id, { status: 'voided' }),
        newLabel(other),
        newLabel(carrier_id),
        newLabel(carrier_id),
      ])
      const first = await shipper.send('POST', PATH, { body: { carrier_id, label_ids: [closed] } })
      const label_ids = [voided, open, 'se-404', foreign, closed]
      const answer = await shipper.send('POST', PATH, { body: { carrier_id, label_ids } })
      assert.equal(answer.status, 409)
      assert.deepEqual(errorsOf(answer), [
        'invalid_status label_ids[0]',
        'unspecified label_ids[2]',
        'carrier_conflict label_ids[3]',
        'invalid_status label_ids[4]',
      ])
      assert.ok(answer.text.includes(`the recorded manifest ${first.json.manifest_id} already`))
    })

    test('import: a link that comes later takes the place of the one before, once', async () => {
      const shipper = await newShipper(server())
      const carrier_id = await shipper.connect()
      const label_ids = await recordAll(shipper, [
        newLabel(carrier_id, { warehouse_id: 'se-1' }),
        newLabel(carrier_id, { warehouse_id: 'se-2' }),
      ])
      const say = async (more: object) => {
        const wish = { carrier_id, label_ids, submission_id: 'S1', ...more }
        const { status, json, text } = await shipper.send('POST', PATH, { body: wish })
        assert.equal(status, 200, text)
        return json.manifests.map(
          ({ manifest_download: { href } }: { manifest_download: { href?: string } }) => href,
        )
      }
      const link = (name: string) => ({ manifest_download: { href: `https://carrier.example/${name}` } })
      assert.deepEqual(await say({}), [undefined, undefined])
      assert.deepEqual(await say(link('a')), Array(2).fill('https://carrier.example/a'))
      assert.deepEqual(await say(link('b')), Array(2).fill('https://carrier.example/b'))
      for (const again of [link('b'), {}])
        assert.deepEqual(await say(again), Array(2).fill('https://carrier.example/b'))
      const { manifests } = (await shipper.send('GET', '/v1/manifests')).json
      for (const { manifest_download } of manifests)
        assert.deepEqual(manifest_download, { href: 'https://carrier.example/b' })
      assert.deepEqual(
        (await labelEvents(shipper, 'manifest')).map(([action, , , fields]) => [action, fields]),
        [
          ['manifest.imported', ['label_ids', 'carrier_id', 'submission_id']],
          ['manifest.linked', ['manifest_download']],
          ['manifest.linked', ['manifest_download']],
        ],
      )
    })

    test('import: what is not said stands as null, as nothing, or under the manifest’s own id', async () => {
      const shipper = await newShipper(server())
      const carrier_id = await shipper.connect()
      const label_ids = await recordAll(shipper, [newLabel(carrier_id)])
      const nothing = {
        submission_id: null,
        manifested_at: null,
        manifest_download: null,
        tracking_numbers: null,
      }
      const { json } = await shipper.send('POST', PATH, { body: { carrier_id, label_ids, ...nothing } })
      assert.deepEqual([json.warehouse_id, json.manifest_download], [null, {}])
      assert.deepEqual([json.submission_id, json.created_at], [json.manifest_id, clock.now().toISOString()])
    })

    test('import: 1,101 labels are split by warehouse, ship date and 500 to a manifest', async () => {
      const shipper = await newShipper(server())
      const carrier_id = await shipper.connect()
      const labels = [
        ...Array.from({ length: 501 }, () =>
          newLabel(carrier_id, { warehouse_id: 'se-1', ship_date: '2026-03-02' }),
        ),
        ...Array.from({ length: 500 }, () =>
          newLabel(carrier_id, { warehouse_id: 'se-2', ship_date: '2026-03-02' }),
        ),
        ...Array.from({ length: 60 }, () => newLabel(carrier_id, { warehouse_id: 'se-1' })),
        ...Array.from({ length: 40 }, () => newLabel(carrier_id)),
      ]
      const ids = await recordAll(shipper, labels)
      const { json } = await shipper.send('POST', PATH, { body: { carrier_id, label_ids: ids } })
      const shapes = json.manifests.map(({ ship_date, warehouse_id, shipments, label_ids }: Manifest) => [
        ...[ship_date.slice(0, 10), warehouse_id, shipments, label_ids.length],
      ])
      assert.deepEqual(shapes, [
        [SHIP_DATE, null, 40, 40],
        [SHIP_DATE, 'se-1', 60, 60],
        ['2026-03-02', 'se-1', 500, 500],
        ['2026-03-02', 'se-1', 1, 1],
        ['2026-03-02', 'se-2', 500, 500],
      ])
      const held = json.manifests.flatMap(({ label_ids }: Manifest) => label_ids)
      assert.deepEqual(held.sort(), ids.sort())
      assert.equal((await labelEvents(shipper, 'manifest')).length, 1)
      const { counts } = await storedLabels(shipper)
      assert.equal(
        counts.reduce((sum, { open }) => sum + open, 0),
        0,
      )
    })

    test('import: the same labels under the same submission answer the same manifests, and others are refused', async () => {
      const shipper = await newShipper(server())
      const carrier_id = await shipper.connect()
      const labels = [
        newLabel(carrier_id),
        newLabel(carrier_id, { ship_date: '2026-03-02' }),
        newLabel(carrier_id),
      ]
      const ids = await recordAll(shipper, labels)
      const given = { carrier_id, label_ids: ids, submission_id: 'S1' }
      const first = await shipper.send('POST', PATH, { body: given })
      const numbers = labels.map(({ tracking_number }) => tracking_number).reverse()
      clock.forward(MINUTE)
      for (const again of [given, { carrier_id, tracking_numbers: numbers, submission_id: 'S1' }]) {
        const { json, status } = await shipper.send('POST', PATH, { body: again })
        assert.equal(status, 200)
        assert.deepEqual(json.manifests, first.json.manifests)
      }
      const others = [
        { ...given, submission_id: 'S2' },
        { carrier_id, label_ids: ids },
        { ...given, label_ids: ids.slice(0, 1) },
      ]
      for (const other of others) {
        const answer = await shipper.send('POST', PATH, { body: other })
        assert.equal(answer.status, 409)
        assert.equal(errorsOf(answer)[0], 'invalid_status label_ids[0]')
      }
      assert.equal((await labelEvents(shipper, 'manifest')).length, 1)
    })

    test('of simultaneous imports of the same labels one makes the manifest, and the others answer it', async () => {
      const shipper = await newShipper(server())
      const carrier_id = await shipper.connect()
      const label_ids = await recordAll(shipper, [newLabel(carrier_id)])
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => shipper.send('POST', PATH, { body: { carrier_id, label_ids } })),
      )
      assert.equal(new Set(answers.map(({ json }) => json.manifest_id)).size, 1)
      assert.equal((await shipper.send('GET', '/v1/manifests')).json.total, 1)
    })
  },
  { clock: clock.now },
)
