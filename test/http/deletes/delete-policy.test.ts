import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { auditTrail } from '../../support/audit/audit-events.ts'
import { createWebhook } from '../../support/webhooks/create-webhook.ts'
import { DAY, newClock } from '../../support/clock.ts'
import { connect } from '../../support/connections/connect.ts'

const POLICY = '/v1/connections/delete_policy'
const TOMBSTONES = '/v1/connections/tombstones'
const path = '/v1/connections/carriers/endicia'
const clock = newClock()

onEveryDatabase(
  'delete policy',
  (server) => {
    test('refuses who may not decide, and what cannot be decided', async () => {
      const writer = await server().newKey({ scopes: ['write'] })
      assert.equal((await server().request('PUT', POLICY, { key: writer, body: {} })).status, 403)
      for (const [body, field] of [
        [{ restore_days: -1 }, 'restore_days'],
        [{ restore_days: 366 }, 'restore_days'],
        [{ restore_days: 1.5 }, 'restore_days'],
        [{ restore_days: '7' }, 'restore_days'],
        [{ open_shipments: 'allow' }, 'open_shipments'],
      ] as const) {
        const { status, json } = await server().request('PUT', POLICY, { body })
        assert.deepEqual([status, json.errors[0].field_name], [400, field])
      }
      assert.equal((await server().request('PUT', POLICY, { body: { other: 1 } })).status, 400)
      assert.equal((await server().request('PUT', POLICY)).json.errors[0].error_code, 'request_body_required')
      const { json } = await server().request('GET', POLICY)
      assert.deepEqual(json, { open_shipments: 'warn', restore_days: 7 })
    })

    test('changes what it names, null goes back to what is usual, and the other environment is another matter', async () => {
      const key = await server().newKey({ tenantId: await server().newTenant() })
      const put = async (body: object) => (await server().request('PUT', POLICY, { key, body })).json
      assert.deepEqual(await put({ restore_days: 0 }), { open_shipments: 'warn', restore_days: 0 })
      assert.deepEqual(await put({ open_shipments: 'refuse' }), { open_shipments: 'refuse', restore_days: 0 })
      assert.deepEqual((await server().request('GET', POLICY, { key })).json, {
        open_shipments: 'refuse',
        restore_days: 0,
      })
      const id = await connect(server(), 'endicia', { key })
      await server().request('DELETE', `${path}/${id}`, { key })
      assert.equal((await server().request('POST', `${path}/${id}/restore`, { key })).status, 409)
      assert.deepEqual(await put({ restore_days: null, open_shipments: null }), {
        open_shipments: 'warn',
        restore_days: 7,
      })
      assert.equal((await server().request('GET', POLICY)).json.restore_days, 7)
      for (const same of [{}, { restore_days: 7 }, { open_shipments: null }])
        assert.deepEqual(await put(same), { open_shipments: 'warn', restore_days: 7 })
      const { events } = (await server().request('GET', '/v1/audit', { key })).json
      const decided = events.filter(({ action }: { action: string }) => action === 'delete_policy.updated')
      assert.equal(decided.length, 3, 'what changes nothing is no event')
      const [last] = events
      assert.deepEqual(
        [last.action, last.fields],
        ['delete_policy.updated', ['open_shipments', 'restore_days']],
      )
    })

    test('a connection has its own mind, unless the carrier requires manifests', async () => {
      const id = await connect(server(), 'endicia')
      const one = `${path}/${id}/policy`
      const get = async () => server().request('GET', one)
      assert.deepEqual((await get()).json, {
        open_shipments: null,
        in_force: { open_shipments: 'allow', because: 'carrier' },
      })
      const writer = await server().newKey({ scopes: ['write'] })
      assert.equal((await server().request('PUT', one, { key: writer, body: {} })).status, 403)
      const unsaid = await server().request('PUT', one, { body: {} })
      assert.deepEqual([unsaid.status, unsaid.headers.etag, unsaid.json.open_shipments], [200, '"v1"', null])
      const stale = { 'if-match': '"v9"' }
      const body = { open_shipments: 'refuse' }
      assert.equal((await server().request('PUT', one, { body, headers: stale })).status, 412)
      const set = await server().request('PUT', one, { body })
      assert.equal(set.headers.etag, '"v2"')
      assert.deepEqual(set.json, {
        open_shipments: 'refuse',
        in_force: { open_shipments: 'refuse', because: 'connection' },
      })
      assert.equal(
        (await server().request('PUT', one, { body })).headers.etag,
        '"v2"',
        'the same changes nothing',
      )
      const kept = await server().request('PUT', one, { body: {} })
      assert.deepEqual([kept.status, kept.headers.etag, kept.json], [200, '"v2"', set.json])
      assert.deepEqual((await auditTrail(server(), id)).slice(1), [
        ['connection.policy_updated', ['open_shipments'], 2],
      ])
      await server().request('DELETE', `${path}/${id}`)
      await server().request('POST', `${path}/${id}/restore`)
      assert.equal((await get()).json.open_shipments, 'refuse', 'it comes back with the connection')
      assert.equal(
        (await server().request('PUT', one, { body: { open_shipments: null } })).json.open_shipments,
        null,
      )
    })

    test('what the carrier requires cannot be waved through', async () => {
      const carrier = '/v1/connections/carriers/couriers_please'
      const { json } = await server().request('POST', carrier, {
        body: { nickname: 'CP', account_number: unique('cp'), api_secret: 'k' },
      })
      const one = `${carrier}/${json.carrier_id}/policy`
      const refused = await server().request('PUT', one, { body: { open_shipments: 'warn' } })
      assert.deepEqual([refused.status, refused.json.errors[0].field_name], [400, 'open_shipments'])
      assert.deepEqual((await server().request('GET', one)).json.in_force, {
        open_shipments: 'refuse',
        because: 'carrier',
      })
    })

    test('dependents tell beforehand what a delete meets', async () => {
      const key = await server().newKey({ tenantId: await server().newTenant() })
      const [first, second] = [
        await connect(server(), 'endicia', { key }),
        await connect(server(), 'endicia', { key }),
      ]
      const { id: webhook } = await createWebhook(
        server(),
        { url: 'https://hooks.example/', event: 'connection.disconnected' },
        key,
      )
      const { id: ofHeirs } = await createWebhook(
        server(),
        { url: 'https://hooks.example/2', event: 'connection.updated' },
        key,
      )
      await server().request('POST', `${path}/${first}/lease?expires_in=60`, { key })
      await server().request('POST', `${path}/${first}/lease?expires_in=120`, { key })
      const { json, headers } = await server().request('GET', `${path}/${first}/dependents`, { key })
      assert.equal(headers.etag, '"v1"')
      const after = (ms: number) => new Date(clock.now().getTime() + ms).toISOString()
      assert.deepEqual(
        { ...json, manifest: json.manifest.requirement, next_check_at: null },
        {
          carrier_id: first,
          carrier: 'endicia',
          open_labels: { count: 0, oldest_ship_date: null },
          manifest: 'optional',
          delete: { outcome: 'allowed', because: 'carrier' },
          next_check_at: null,
          live_leases: { count: 2, until: after(120_000) },
          webhook_ids: [webhook, ofHeirs],
          primary: true,
          next_primary: second,
          restorable_until: after(7 * DAY),
        },
      )
      clock.forward(61_000)
      const later = (await server().request('GET', `${path}/${first}/dependents`, { key })).json
      assert.equal(later.live_leases.count, 1)
      const other = (await server().request('GET', `${path}/${second}/dependents`, { key })).json
      assert.deepEqual([other.primary, other.next_primary, other.webhook_ids], [false, null, [webhook]])
      assert.equal((await server().request('GET', `${path}/${first}/dependents`)).status, 404)
    })

    test('tombstones resolve old ids to names, newest first, and the nickname goes on request', async () => {
      const tenantId = await server().newTenant()
      const key = await server().newKey({ tenantId })
      const ids = [await connect(server(), 'endicia', { key }), await connect(server(), 'endicia', { key })]
      for (const id of ids) {
        await server().request('DELETE', `${path}/${id}`, { key })
        clock.forward(1_000)
      }
      const list = async (query = '') =>
        (await server().request('GET', `${TOMBSTONES}${query}`, { key })).json
      const { tombstones, total, page, pages } = await list()
      assert.deepEqual([total, page, pages], [2, 1, 1])
      assert.deepEqual(
        tombstones.map((one: { carrier_id: string }) => one.carrier_id),
        [...ids].reverse(),
      )
      const [{ nickname, carrier, mode, erased_at }] = tombstones
      for (const [written, meant] of [
        ['upss', 'ups'],
        ['EXLB', 'EXLA'],
      ] as const)
        assert.match(
          (await list(`?carrier=${written}`)).errors[0].message,
          new RegExp(`did you mean ${meant}\\?`),
        )
      assert.deepEqual([nickname, carrier, mode, erased_at], ['Endi', 'endicia', 'parcel', null])
      assert.equal((await list('?page_size=1&page=2')).tombstones[0].carrier_id, ids[0])
      assert.equal((await list('?carrier=ups')).total, 0)
      const one = await list(`?carrier_id=${ids[0]}`)
      assert.deepEqual([one.total, one.tombstones[0].carrier_id], [1, ids[0]])
      assert.equal((await list(`?carrier_id=${ids[0]}&carrier=ups`)).total, 0)
      assert.equal((await server().request('GET', `${TOMBSTONES}?carrier=nobody`, { key })).status, 400)
      assert.equal((await server().request('GET', TOMBSTONES)).json.tombstones.some(isOneOf(ids)), false)

      const erase = (id: string, by = key) =>
        server().request('DELETE', `${TOMBSTONES}/${id}/nickname`, { key: by })
      assert.equal((await erase(ids[0] ?? '', server().key)).status, 404)
      const writer = await server().newKey({ tenantId, scopes: ['write'] })
      assert.equal((await erase(ids[0] ?? '', writer)).status, 403)
      for (let turn = 0; turn < 2; turn += 1) assert.equal((await erase(ids[0] ?? '')).status, 204)
      assert.equal((await list()).tombstones[1].nickname, null)
      const { events } = (await server().request('GET', `/v1/audit?carrier_id=${ids[0]}`, { key })).json
      assert.deepEqual(
        events.map(({ action }: { action: string }) => action),
        ['tombstone.nickname_erased', 'connection.disconnected', 'connection.connected'],
      )
      await server().request('POST', `${path}/${ids[0]}/restore`, { key })
      assert.equal((await server().request('GET', `/v1/carriers/${ids[0]}`, { key })).json.nickname, null)
    })
  },
  { clock: clock.now },
)

const isOneOf = (ids: string[]) => (one: { carrier_id: string }) => ids.includes(one.carrier_id)
