import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import type { Crossing } from '../../src/store/db.ts'
import { connectBodies } from '../support/connections/connect-bodies.ts'
import { unique } from '../support/unique.ts'
import { runAsOwner, databases } from '../support/database/databases.ts'
import { openTestServer, type TestServer } from '../support/server/test-server.ts'

const TENANT_TABLES = [
  ...(['tenant', 'api_key', 'connection', 'tombstone', 'audit_head', 'audit_event', 'audit_count'] as const),
  'audit_change',
  ...(['webhook_endpoint', 'outbox_message', 'webhook_delivery', 'sign_in', 'webhook_rotation'] as const),
  ...(['scheduled_check', 'carrier_token', 'previous_credentials'] as const),
  ...(['deleted_connection', 'lease', 'delete_policy'] as const),
  ...(['label', 'label_count', 'manifest'] as const),
  ...(['connection_listing', 'connection_count', 'connection_term'] as const),
] as const

/** In these tables the path `erase` sees the sealed bytes and their end; to open them, it would need the keys and the place of each row. */
const ENDING: readonly string[] = ['deleted_connection', 'previous_credentials']

describe(
  'row-level security',
  { skip: databases.includes('postgres') ? false : 'no PostgreSQL in this run' },
  () => {
    let server: TestServer
    let other: string
    const url = () => server.env.HAWSER_DATABASE_URL ?? ''

    before(async () => {
      server = await openTestServer('postgres', {
        env: {
          HAWSER_UPS_SIGN_IN: 'true',
          HAWSER_UPS_CLIENT_ID: 'id',
          HAWSER_UPS_CLIENT_SECRET: 'secret',
          HAWSER_PUBLIC_URL: 'https://h.example',
        },
      })
      other = await server.newTenant()
      for (const key of [server.key, await server.newKey({ tenantId: other })]) {
        const hooks = '/v1/environment/webhooks'
        const event = { event: 'carrier_connected', url: 'https://hooks.example/' }
        const { webhook_id } = (await server.request('POST', hooks, { key, body: event })).json
        await server.request('POST', `${hooks}/${webhook_id}/rotate_secret`, { key })
        const body = { ...connectBodies.stamps_com, username: unique() }
        const { json } = await server.request('POST', '/v1/connections/carriers/stamps_com', { key, body })
        const { json: ups } = await server.request('POST', '/v1/connections/carriers/ups', {
          key,
          body: { ...connectBodies.ups, account_number: unique() },
        })
        await server.request('POST', `/v1/connections/carriers/ups/${ups.carrier_id}/lease?state=any`, {
          key,
        })
        await server.request('PUT', '/v1/connections/delete_policy', { key, body: { restore_days: 3 } })
        const { carrier_id } = json
        const label = { carrier_id, tracking_number: 'one', ship_date: '2026-03-01' }
        await server.request('POST', '/v1/labels/import', { key, body: { labels: [label] } })
        const manifest = { carrier_id, tracking_numbers: ['one'] }
        await server.request('POST', '/v1/manifests/import', { key, body: manifest })
        await server.request('DELETE', `/v1/carriers/${carrier_id}`, { key })
      }
      for (const tenantId of [server.tenantId, other]) {
        const key = await server.newKey({ tenantId, environment: 'sandbox' })
        const credentials = { username: 'u', password: 'p', account_number: unique() }
        const path = '/v-beta/ltl/connections/ODFL'
        const { json } = await server.request('POST', path, { key, body: { credentials } })
        const next = { ...credentials, password: 'q' }
        await server.request('PUT', `${path}/${json.carrier_id}`, { key, body: { credentials: next } })
      }
    })
    after(() => server.close())

    test('the owner of the URL is a superuser, whom no policy confines: the role on each connection does', async () => {
      const [owner] = await runAsOwner(url(), 'select rolsuper from pg_roles where rolname = current_user')
      assert.equal(owner.rolsuper, true)
      const { rows } = await server.ctx.store.read(other, async (db) => ({
        rows: await db
          .selectNoFrom((eb) => eb.fn<string>('current_setting', [eb.val('role')]).as('role'))
          .execute(),
      }))
      assert.deepEqual(rows, [{ role: 'hawser_app' }])
      const [role] = await runAsOwner(
        url(),
        `select rolsuper, rolbypassrls, rolcanlogin from pg_roles where rolname = 'hawser_app'`,
      )
      assert.deepEqual(role, { rolsuper: false, rolbypassrls: false, rolcanlogin: false })
    })

    test('a query that forgets its tenant sees the tenant’s own rows and no others', async () => {
      for (const table of TENANT_TABLES) {
        const [all] = await runAsOwner(
          url(),
          `select count(distinct tenant_id)::int as tenants from ${table}`,
        )
        assert.ok(all.tenants >= 2, `${table} holds rows of several tenants`)
        const seen = await server.ctx.store.read(other, (db) =>
          db.selectFrom(table).select('tenant_id').execute(),
        )
        assert.deepEqual([...new Set(seen.map(({ tenant_id }) => tenant_id))], [other], table)
      }
    })

    test('a write that forgets its tenant changes no row of another', async () => {
      await server.ctx.store.transaction(other, async (tx) => {
        await tx.updateTable('connection').set({ nickname: 'taken over' }).execute()
        await tx.updateTable('tenant').set({ company_name: 'taken over' }).execute()
        await tx.updateTable('webhook_endpoint').set({ url: 'https://taken.example/' }).execute()
        await tx.updateTable('webhook_delivery').set({ state: 'failed' }).execute()
        await tx.updateTable('carrier_token').set({ retry_at: 'taken over' }).execute()
        await tx.updateTable('label').set({ tracking_number: 'taken over' }).execute()
        await tx.updateTable('label_count').set({ open: 666 }).execute()
        await tx.updateTable('api_key').set({ last_used_at: 'taken over' }).execute()
      })
      const rows = await runAsOwner(
        url(),
        `select tenant_id from connection where nickname = 'taken over' union select tenant_id from tenant where company_name = 'taken over'`,
      )
      assert.deepEqual(rows, [{ tenant_id: other }])
      const hooks = await runAsOwner(
        url(),
        `select tenant_id from webhook_endpoint where url like '%taken%' union select tenant_id from webhook_delivery where state = 'failed'`,
      )
      assert.deepEqual(hooks, [{ tenant_id: other }])
      const tokens = await runAsOwner(
        url(),
        `select tenant_id from carrier_token where retry_at = 'taken over'`,
      )
      assert.deepEqual(tokens, [{ tenant_id: other }])
      const labels = await runAsOwner(
        url(),
        `select tenant_id from label where tracking_number = 'taken over' union select tenant_id from label_count where open = 666`,
      )
      assert.deepEqual(labels, [{ tenant_id: other }])
      const keys = await runAsOwner(
        url(),
        `select distinct tenant_id from api_key where last_used_at = 'taken over'`,
      )
      assert.deepEqual(keys, [{ tenant_id: other }])
      const gone = server.ctx.store.transaction(other, (tx) => tx.deleteFrom('connection').execute())
      await gone
      const [left] = await runAsOwner(
        url(),
        'select count(*)::int as rows from connection where tenant_id = $1',
        [server.tenantId],
      )
      assert.equal(left.rows, 2)
    })

    test('a row cannot be given to another tenant', async () => {
      const insert = server.ctx.store.transaction(other, (tx) =>
        tx
          .insertInto('audit_head')
          .values({ tenant_id: 'se-new', seq: 1, hash: Buffer.alloc(32) })
          .execute(),
      )
      await assert.rejects(insert, /42501/)
      const move = server.ctx.store.transaction(other, (tx) =>
        tx.updateTable('tenant').set({ tenant_id: 'se-else' }).execute(),
      )
      await assert.rejects(move, /42501|23503/)
    })

    test('without a tenant nothing is seen', async () => {
      for (const table of TENANT_TABLES)
        assert.deepEqual(
          await server.ctx.store.read('', (db) => db.selectFrom(table).select('tenant_id').execute()),
          [],
          table,
        )
    })

    test('the paths across tenants open keys, tenants and what is due for reading, and nothing else', async () => {
      const partner: Crossing = { path: 'partner', partnerId: other }
      const closed = TENANT_TABLES.filter((table) => table !== 'tenant' && table !== 'api_key')
      for (const crossing of [
        { path: 'authenticate' },
        { path: 'operate' },
        partner,
        { path: 'partner_connections', partnerId: other, environment: 'production' },
        { path: 'deliver' },
        { path: 'sign_in', stateHash: Buffer.alloc(32) },
        { path: 'check' },
        { path: 'erase' },
      ] as Crossing[]) {
        for (const table of closed) {
          if (crossing.path === 'deliver' && /^webhook_(delivery|rotation)$/.test(table)) continue
          if (crossing.path === 'check' && table === 'scheduled_check') continue
          if (crossing.path === 'erase' && ENDING.includes(table)) continue
          const seen = await server.ctx.store.cross(crossing, (db) =>
            db.selectFrom(table).select('tenant_id').execute(),
          )
          assert.deepEqual(seen, [], `${crossing.path} ${table}`)
        }
        const changed = await server.ctx.store.cross(crossing, (db) =>
          db.updateTable('tenant').set({ company_name: 'x' }).executeTakeFirst(),
        )
        assert.equal(changed.numUpdatedRows, 0n)
      }
      const due = await server.ctx.store.cross({ path: 'deliver' }, (db) =>
        db.selectFrom('webhook_delivery').select(['tenant_id', 'state']).distinct().execute(),
      )
      assert.deepEqual(due, [{ tenant_id: server.tenantId, state: 'pending' }], 'what is done is not seen')
      const planned = await server.ctx.store.cross({ path: 'check' }, (db) =>
        db.selectFrom('scheduled_check').select('tenant_id').distinct().execute(),
      )
      assert.deepEqual(planned, [{ tenant_id: server.tenantId }])
      for (const path of ['deliver', 'check'] as const)
        for (const table of ['tenant', 'api_key'] as const)
          assert.deepEqual(
            await server.ctx.store.cross({ path }, (db) =>
              db.selectFrom(table).select('tenant_id').execute(),
            ),
            [],
          )
      const replanned = await server.ctx.store.cross({ path: 'check' }, (db) =>
        db.updateTable('scheduled_check').set({ due_at: '' }).executeTakeFirst(),
      )
      assert.equal(replanned.numUpdatedRows, 0n)
      const settled = await server.ctx.store.cross({ path: 'deliver' }, (db) =>
        db.updateTable('webhook_delivery').set({ state: 'failed' }).executeTakeFirst(),
      )
      assert.equal(settled.numUpdatedRows, 0n)
      assert.deepEqual(
        await server.ctx.store.cross(partner, (db) => db.selectFrom('tenant').selectAll().execute()),
        [],
      )
    })

    test('a partner sees the listings of its accounts in the environment of its key, and nothing of them that is sealed', async () => {
      const made: string[] = []
      for (const partnerId of [server.tenantId, other]) {
        const key = await server.newKey({ tenantId: partnerId, scopes: ['partner'] })
        const account = { company_name: 'A merchant', origin_country_code: 'US' }
        const { json } = await server.request('POST', '/v1/partners/accounts', { key, body: account })
        made.push(json.account_id)
        for (const environment of ['production', 'sandbox'] as const) {
          const own = await server.newKey({ tenantId: json.account_id, environment })
          const body = { ...connectBodies.chronopost, account_number: unique().slice(-8) }
          const path = '/v1/connections/carriers/chronopost'
          assert.equal((await server.request('POST', path, { key: own, body })).status, 200)
        }
      }
      for (const [index, partnerId] of [server.tenantId, other].entries())
        for (const environment of ['production', 'sandbox'] as const) {
          const crossing: Crossing = { path: 'partner_connections', partnerId, environment }
          for (const table of ['connection_listing', 'connection_count', 'connection_term'] as const) {
            const seen: object[] = await server.ctx.store.cross(crossing, (db) =>
              db.selectFrom(table).select(['tenant_id', 'environment']).distinct().execute(),
            )
            assert.deepEqual(seen, [{ tenant_id: made[index], environment }], table)
            const changed: { numDeletedRows: bigint } = await server.ctx.store.cross(crossing, (db) =>
              db.deleteFrom(table).executeTakeFirst(),
            )
            assert.equal(changed.numDeletedRows, 0n, table)
          }
          const sealed = await server.ctx.store.cross(crossing, (db) =>
            db.selectFrom('connection').select('carrier_id').execute(),
          )
          assert.deepEqual(sealed, [])
        }
    })

    test('who comes back from a sign-in sees the one row of his state', async () => {
      const rows = await runAsOwner(url(), 'select tenant_id, state_hash from sign_in')
      assert.ok(rows.length > 0)
      for (const { tenant_id, state_hash: stateHash } of rows) {
        const seen = await server.ctx.store.cross({ path: 'sign_in', stateHash }, (db) =>
          db.selectFrom('sign_in').select('tenant_id').execute(),
        )
        assert.deepEqual(seen, [{ tenant_id }])
        const gone = await server.ctx.store.cross({ path: 'sign_in', stateHash }, (db) =>
          db.deleteFrom('sign_in').executeTakeFirst(),
        )
        assert.equal(gone.numDeletedRows, 0n)
      }
    })

    test('what one use of a connection was scoped to does not stick to the next', async () => {
      for (let turn = 0; turn < 30; turn += 1) {
        const tenant = turn % 2 === 0 ? other : server.tenantId
        await server.ctx.store.cross({ path: 'operate' }, (db) =>
          db.selectFrom('tenant').selectAll().execute(),
        )
        const seen = await server.ctx.store.read(tenant, (db) =>
          db.selectFrom('tenant').select('tenant_id').execute(),
        )
        assert.deepEqual(seen, [{ tenant_id: tenant }])
      }
    })

    test('the server may not touch the schema, the keys or the log', async () => {
      const client = new pg.Client({ connectionString: url() })
      await client.connect()
      try {
        await client.query('set role hawser_app')
        await client.query(`select set_config('hawser.tenant', $1, false)`, [other])
        for (const statement of [
          'drop table connection',
          'alter table connection disable row level security',
          'create table elsewhere (id int)',
          `update key_term set state = 'destroyed'`,
          'delete from key_term',
          `update audit_event set actor = 'nobody'`,
          'delete from audit_event',
          'update audit_change set seq = 0',
          'truncate connection',
          'delete from installation',
          'delete from label',
          'update manifest set shipments = 1',
        ])
          await assert.rejects(client.query(statement), { code: '42501' }, statement)
      } finally {
        await client.end()
      }
    })
  },
)
