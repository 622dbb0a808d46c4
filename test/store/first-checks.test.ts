import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { parseConfig } from '../../src/config.ts'
import { openContext } from '../../src/open-installation.ts'
import { createLog } from '../../src/log.ts'
import { migrations } from '../../src/store/migrate.ts'
import { createTenant } from '../../src/tenants/manage-tenant.ts'
import { listTenantsAndDeleted, operator } from '../../src/tenants/operator.ts'
import { formatKek } from '../../src/vault/kek-source.ts'
import { runAsOwner, databases, newDatabase, type DatabaseName } from '../support/database/databases.ts'

const log = createLog('fatal', { write: () => {} })
const late = '0004-verification'

/** Makes a database whose owner is not a superuser, so that row-level security also holds for the owner. */
async function openPlace(t: TestContext, database: DatabaseName): Promise<string> {
  const place = await newDatabase(database)
  if (database === 'sqlite') {
    t.after(place.remove)
    return place.url
  }
  const role = `upgrader_${randomBytes(4).toString('hex')}`
  await runAsOwner(place.url, `create role ${role} login`)
  t.after(async () => {
    await place.remove()
    await runAsOwner(process.env.HAWSER_TEST_POSTGRES_URL ?? '', `drop role if exists ${role}`)
  })
  await runAsOwner(
    place.url,
    'do $$ begin create role hawser_app nologin; exception when duplicate_object then null; end $$',
  )
  await runAsOwner(place.url, `grant hawser_app to ${role}`)
  await runAsOwner(place.url, `alter database ${new URL(place.url).pathname.slice(1)} owner to ${role}`)
  await runAsOwner(place.url, `grant create, usage on schema public to ${role}`)
  return place.url.replace('//owner@', `//${role}@`)
}

for (const database of databases)
  test(`${database}: what was connected before there were checks is planned by the start that brings them`, async (t) => {
    const url = await openPlace(t, database)
    const open = () =>
      openContext(
        parseConfig({ HAWSER_DATABASE_URL: url, HAWSER_KEK: formatKek(Buffer.alloc(32, 9)) }).config,
        log,
      )
    const known: Record<string, unknown> = migrations
    const missing = Object.entries(known).filter(([name]) => name >= late)
    const restore = () => missing.forEach(([name, up]) => (known[name] = up))
    for (const [name] of missing) delete known[name]
    t.after(restore)
    const old = await open()
    const tenant_id = 'se-tenant'
    const at = '2026-01-01T00:00:00.000Z'
    const addTenant = (id: string, company_name: string) =>
      old.store.transaction(id, (tx) =>
        tx
          .insertInto('tenant')
          .values({ tenant_id: id, company_name, active: 1, created_at: at, modified_at: at } as never)
          .execute(),
      )
    await addTenant(tenant_id, 'Was here')
    await addTenant('se-twin', ' WAS HERE ')
    const row = {
      ...{
        tenant_id,
        environment: 'production',
        carrier_id: 'se-old',
        mode: 'parcel',
        carrier: 'dhl_express',
      },
      ...{ is_primary: 1, connection_status: 'approved', version: 1, created_seq: 1, created_at: at },
      ...{ updated_at: at, credentials: Buffer.alloc(9), credentials_version: 1, settings_version: 1 },
    } as const
    await old.store.transaction(tenant_id, (tx) =>
      tx
        .insertInto('connection')
        .values(row as never)
        .execute(),
    )
    await old.store.close()
    restore()
    const ctx = await open()
    t.after(() => ctx.store.close())
    const planned = await ctx.store.cross({ path: 'check' }, (db) =>
      db.selectFrom('scheduled_check').selectAll().execute(),
    )
    assert.deepEqual(
      planned.map(({ carrier_id, carrier, fence, claimed_until }) => [
        carrier_id,
        carrier,
        fence,
        claimed_until,
      ]),
      [['se-old', 'dhl_express', 0, null]],
    )
    assert.ok((planned[0]?.due_at ?? '9') <= new Date().toISOString())
    const tenants = await listTenantsAndDeleted(ctx)
    assert.deepEqual(
      tenants.map(({ company_name, name_key }) => [company_name, name_key]),
      [
        ['Was here', 'was here'],
        [' WAS HERE ', null],
      ],
      'of one name the oldest holds it',
    )
    assert.equal(await createTenant(ctx, operator('cli'), 'was here'), undefined)
    // Row-level security holds again: a read without a tenant sees no connection.
    const seen = await ctx.store.read('', (db) => db.selectFrom('connection').select('carrier_id').execute())
    assert.equal(seen.length, database === 'postgres' ? 0 : 1)
    if (database === 'postgres') {
      const [wall] = await runAsOwner(
        url,
        `select relforcerowsecurity as forced from pg_class where relname = 'connection'`,
      )
      assert.equal(wall.forced, true)
    }
  })
