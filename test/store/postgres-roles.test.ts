import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { parseConfig } from '../../src/config.ts'
import { openContext } from '../../src/open-installation.ts'
import { createLog } from '../../src/log.ts'
import { createTenant } from '../../src/tenants/manage-tenant.ts'
import { listAllTenants, operator } from '../../src/tenants/operator.ts'
import { formatKek } from '../../src/vault/kek-source.ts'
import { unique } from '../support/unique.ts'
import { runAsOwner, databases, newDatabase } from '../support/database/databases.ts'
import { startPostgres } from '../support/database/postgres-server.ts'

const log = createLog('fatal', { write: () => {} })

describe(
  'roles of PostgreSQL',
  { skip: databases.includes('postgres') ? false : 'no PostgreSQL in this run' },
  () => {
    const suffix = randomBytes(4).toString('hex')
    const [owner, guest, stranger] = [`owner_${suffix}`, `guest_${suffix}`, `stranger_${suffix}`] as const
    const server = process.env.HAWSER_TEST_POSTGRES_URL ?? ''
    let place: Awaited<ReturnType<typeof newDatabase>>

    const as = (role: string) => place.url.replace('//owner@', `//${role}@`)
    const open = (url: string) =>
      openContext(
        parseConfig({ HAWSER_DATABASE_URL: url, HAWSER_KEK: formatKek(Buffer.alloc(32, 9)) }).config,
        log,
      )

    before(async () => {
      place = await newDatabase('postgres')
      for (const role of [owner, guest, stranger]) await runAsOwner(server, `create role ${role} login`)
      await runAsOwner(
        server,
        'do $$ begin create role hawser_app nologin; exception when duplicate_object then null; end $$',
      )
      await runAsOwner(server, `grant hawser_app to ${owner}`)
      await runAsOwner(server, `alter database ${new URL(place.url).pathname.slice(1)} owner to ${owner}`)
      await runAsOwner(place.url, `grant create, usage on schema public to ${owner}`)
    })
    after(async () => {
      await place.remove()
      for (const role of [owner, guest, stranger]) await runAsOwner(server, `drop role if exists ${role}`)
    })

    test('a login that may do nothing is refused and changes nothing', async () => {
      await assert.rejects(open(as(stranger)), { name: 'StartRefused' })
      assert.deepEqual(await runAsOwner(place.url, `select 1 from pg_tables where schemaname = 'public'`), [])
    })

    test('an owner that is no superuser sets the database up, when the role is there and granted', async () => {
      const ctx = await open(as(owner))
      const tenant = await createTenant(ctx, operator('cli'), 'by the owner')
      assert.deepEqual(
        (await listAllTenants(ctx)).map(({ tenant_id }) => tenant_id),
        [tenant?.tenant_id],
      )
      await ctx.store.close()
    })

    test('an owner that may not take the role is told so in a sentence', async () => {
      const lonely = await newDatabase('postgres')
      await runAsOwner(server, `alter database ${new URL(lonely.url).pathname.slice(1)} owner to ${stranger}`)
      await runAsOwner(lonely.url, `grant create, usage on schema public to ${stranger}`)
      try {
        await assert.rejects(open(lonely.url.replace('//owner@', `//${stranger}@`)), { name: 'StartRefused' })
      } finally {
        await lonely.remove()
      }
    })

    test('afterwards a login that is only a member of the role serves, and cannot change the schema', async () => {
      await runAsOwner(server, `grant hawser_app to ${guest}`)
      const ctx = await open(as(guest))
      await createTenant(ctx, operator('cli'), 'by a guest')
      assert.equal((await listAllTenants(ctx)).length, 2)
      await ctx.store.close()
      await assert.rejects(runAsOwner(as(guest), 'drop table connection'), { code: '42501' })
    })

    test('synchronous_commit off is refused', async () => {
      await runAsOwner(server, `alter role ${guest} set synchronous_commit = off`)
      await assert.rejects(open(as(guest)), /synchronous_commit/)
      await runAsOwner(server, `alter role ${guest} reset synchronous_commit`)
    })
  },
)

describe(
  'a PostgreSQL server of its own',
  { skip: databases.includes('postgres') ? false : 'no PostgreSQL in this run' },
  () => {
    let cluster: Awaited<ReturnType<typeof startPostgres>>
    before(async () => {
      cluster = await startPostgres()
    })
    after(() => cluster.stop())

    const url = (role: string, database: string) =>
      cluster.url.replace('//owner@', `//${role}@`).replace(/\/postgres$/, `/${database}`)
    const openAt = async (where: string) => {
      const env = { HAWSER_DATABASE_URL: where, HAWSER_KEK: formatKek(Buffer.alloc(32, 9)) }
      const ctx = await openContext(parseConfig(env).config, log)
      try {
        await createTenant(ctx, operator('cli'), unique('tenant'))
        return (await listAllTenants(ctx)).length
      } finally {
        await ctx.store.close()
      }
    }

    test('an owner that may create roles takes the role that it creates', async () => {
      await runAsOwner(cluster.url, 'create role founder login createrole')
      await runAsOwner(cluster.url, 'create database founded owner founder')
      assert.equal(await openAt(url('founder', 'founded')), 1)
      assert.equal(await openAt(url('founder', 'founded')), 2)
    })

    test('a schema that is named like the role of the URL is where everything stands', async () => {
      await runAsOwner(cluster.url, 'create database named owner founder')
      await runAsOwner(url('founder', 'named'), 'create schema founder')
      assert.equal(await openAt(url('founder', 'named')), 1)
      const [at] = await runAsOwner(
        url('founder', 'named'),
        `select schemaname from pg_tables where tablename = 'connection'`,
      )
      assert.equal(at.schemaname, 'founder')
    })

    test('two schemas of one database hold two installations', async () => {
      await runAsOwner(cluster.url, 'create database shared owner founder')
      await runAsOwner(url('founder', 'shared'), 'create schema second')
      const second = `${url('founder', 'shared')}?options=-csearch_path%3Dsecond`
      assert.equal(await openAt(url('founder', 'shared')), 1)
      assert.equal(await openAt(second), 1)
      assert.equal(await openAt(url('founder', 'shared')), 2)
    })

    test('without row-level security between tenants nothing starts', async () => {
      const where = url('founder', 'founded')
      const refused: [does: string, undoes: string, says: RegExp][] = [
        ['alter role hawser_app bypassrls', 'alter role hawser_app nobypassrls', /nobypassrls/],
        ['alter role hawser_app superuser', 'alter role hawser_app nosuperuser', /nosuperuser/],
        ['alter role hawser_app login', 'alter role hawser_app nologin', /nologin/],
      ]
      for (const [does, undoes, says] of refused) {
        await runAsOwner(cluster.url, does)
        await assert.rejects(openAt(where), (error: Error) => {
          assert.equal(error.name, 'StartRefused')
          assert.match(error.message, says)
          return true
        })
        await runAsOwner(cluster.url, undoes)
      }
      for (const [off, on] of [
        ['disable', 'enable'],
        ['no force', 'force'],
      ]) {
        await runAsOwner(where, `alter table connection ${off} row level security`)
        await assert.rejects(openAt(where), /Row-level security is off on connection/)
        await runAsOwner(where, `alter table connection ${on} row level security`)
      }
      assert.equal(await openAt(where), 3)
    })
  },
)
