import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { parseConfig } from '../../../src/config.ts'
import type { Context } from '../../../src/context.ts'
import { openContext } from '../../../src/open-installation.ts'
import { buildApp } from '../../../src/http/app.ts'
import { createLog } from '../../../src/log.ts'
import { readAuditChain } from '../../../src/store/tables/tenants/audit.ts'
import { revokeKey } from '../../../src/tenants/keys/api-keys.ts'
import { createKeyUse } from '../../../src/tenants/keys/key-use.ts'
import { setTenantActive } from '../../../src/tenants/manage-tenant.ts'
import { operator } from '../../../src/tenants/operator.ts'
import { databases } from '../../support/database/databases.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { openTestServer, type TestServer } from '../../support/server/test-server.ts'

const idOf = (key: string) => /hws_([0-9A-Za-z]{12})_/.exec(key)?.[1] ?? assert.fail()
const QUIET_MS = 150
const PATIENCE_MS = 15_000

/** Reads the stored time at which a key was used last. */
const storedUse = async ({ ctx }: TestServer, tenantId: string, key: string) =>
  (
    await ctx.store.read(tenantId, (db) =>
      db
        .selectFrom('api_key')
        .select('last_used_at')
        .where('key_id', '=', idOf(key))
        .executeTakeFirstOrThrow(),
    )
  ).last_used_at

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, what)
    await pause(10)
  }
}

/** Counts what is written for a tenant from here on. */
function countWrites(ctx: Context, tenantId: string): () => number {
  const { store } = ctx
  let writes = 0
  ctx.store = {
    ...store,
    transaction: (owner, work) => {
      writes += owner === tenantId ? 1 : 0
      return store.transaction(owner, work)
    },
  }
  return () => writes
}

onEveryDatabase(
  'last use of keys',
  (server) => {
    let now = new Date('2026-05-10T12:34:56.789Z')
    const later = (hours: number) => (now = new Date(now.getTime() + hours * 3_600_000))
    before(() => void (server().ctx.clock = () => now))

    const list = (key: string, headers = {}) => server().request('GET', '/v1/carriers', { key, headers })
    const newKey = async () => {
      const tenantId = await server().newTenant()
      return { tenantId, key: await server().newKey({ tenantId }) }
    }
    const usedAt = (tenantId: string, key: string, at: string) =>
      until(`used at ${at}`, async () => (await storedUse(server(), tenantId, key)) === at)

    test('is written down behind the answer, to the hour, once an hour, however many requests come at once, and is no event', async () => {
      const { tenantId, key } = await newKey()
      const events = () => server().ctx.store.read(tenantId, (db) => readAuditChain(db, tenantId, 0, 100))
      const before = await events()
      const writes = countWrites(server().ctx, tenantId)
      assert.equal(await storedUse(server(), tenantId, key), null)
      const answers = await Promise.all(Array.from({ length: 40 }, () => list(key)))
      assert.ok(answers.every(({ status }) => status === 200))
      await usedAt(tenantId, key, '2026-05-10T12:00:00.000Z')
      for (let times = 0; times < 5; times += 1) await list(key)
      await pause(QUIET_MS)
      assert.equal(writes(), 1)
      later(0.25)
      await list(key)
      await pause(QUIET_MS)
      assert.equal(writes(), 1, 'it is the same hour still')
      later(1)
      await list(key)
      await usedAt(tenantId, key, '2026-05-10T13:00:00.000Z')
      assert.equal(writes(), 2)
      const { json } = await server().request('GET', '/v1/keys', { key })
      assert.deepEqual(
        json.keys.map(({ last_used_at }: { last_used_at: string }) => last_used_at),
        ['2026-05-10T13:00:00.000Z'],
      )
      assert.deepEqual(await events(), before)
    })

    test('is that of whoever comes last of several processes, and one with a clock behind takes nothing back', async () => {
      const { tenantId, key } = await newKey()
      const open = async (clock: () => Date) => {
        const ctx = await openContext(parseConfig(server().env).config, createLog('fatal'), { clock })
        const app = await buildApp(ctx, '0.0.0')
        const close = async () => {
          await app.close()
          await ctx.store.close()
        }
        const ask = () => app.inject({ url: '/v1/carriers', headers: { 'API-Key': key } })
        return { ctx, ask, close, writes: countWrites(ctx, tenantId) }
      }
      const other = await open(() => now)
      const behind = await open(() => new Date(now.getTime() - 3 * 3_600_000))
      try {
        const hour = `${now.toISOString().slice(0, 13)}:00:00.000Z`
        await Promise.all([list(key), other.ask(), list(key), other.ask(), behind.ask()])
        await usedAt(tenantId, key, hour)
        await pause(QUIET_MS)
        const written = other.writes()
        for (let times = 0; times < 3; times += 1) await other.ask()
        assert.equal((await behind.ask()).statusCode, 200)
        await pause(QUIET_MS)
        assert.equal(await storedUse(server(), tenantId, key), hour)
        assert.equal(other.writes(), written, 'what another process has written is not written again')
        later(1)
        assert.equal((await other.ask()).statusCode, 200)
        await usedAt(tenantId, key, `${now.toISOString().slice(0, 13)}:00:00.000Z`)
      } finally {
        await other.close()
        await behind.close()
      }
    })

    test('is not that of a key that is refused, and is that of one that may do less', async () => {
      const revoked = await newKey()
      const actor = { ...operator('cli'), tenantId: revoked.tenantId }
      await revokeKey(server().ctx, actor, idOf(revoked.key))
      const disabled = await newKey()
      await setTenantActive(
        server().ctx,
        { ...operator('cli'), tenantId: disabled.tenantId },
        { active: false },
      )
      assert.deepEqual([(await list(revoked.key)).status, (await list(disabled.key)).status], [401, 403])
      const poor = { tenantId: server().tenantId, key: await server().newKey({ scopes: ['use'] }) }
      assert.equal((await list(poor.key)).status, 403)
      await until('the control', async () => (await storedUse(server(), poor.tenantId, poor.key)) !== null)
      for (const { tenantId, key } of [revoked, disabled])
        assert.equal(await storedUse(server(), tenantId, key), null)
    })

    test('of a partner’s key is on record where it is, and not with the account that it acts for', async () => {
      const tenantId = await server().newTenant('a partner')
      const key = await server().newKey({ tenantId, scopes: ['partner'] })
      const body = { company_name: 'The merchant', origin_country_code: 'US' }
      const made = await server().request('POST', '/v1/partners/accounts', { key, body })
      later(2)
      assert.equal((await list(key, { 'On-Behalf-Of': made.json.account_id })).status, 200)
      await usedAt(tenantId, key, `${now.toISOString().slice(0, 13)}:00:00.000Z`)
    })
  },
  { repeatTransactions: false },
)

/** Holds up every write for the key of a tenant from outside. */
async function holdUp(server: TestServer, key: string): Promise<() => Promise<void>> {
  const url = server.env.HAWSER_DATABASE_URL ?? ''
  if (server.database === 'sqlite') {
    const db = new DatabaseSync(url.replace('sqlite:', ''))
    db.exec('begin immediate')
    return async () => {
      db.exec('rollback')
      db.close()
    }
  }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('begin')
  await client.query('select 1 from api_key where key_id = $1 for update', [idOf(key)])
  return () => client.end()
}

for (const database of databases)
  describe(`last use of keys, where nothing can be written (${database})`, () => {
    test('no request waits or fails while the database is busy, and it is written down once that is over', async () => {
      const server = await openTestServer(database, { repeatTransactions: false })
      const key = await server.newKey()
      const release = await holdUp(server, key)
      try {
        for (let times = 0; times < 3; times += 1) {
          const start = performance.now()
          assert.equal((await server.request('GET', '/v1/carriers', { key })).status, 200)
          // A request that waited for the busy database would take at least five seconds.
          assert.ok(performance.now() - start < 4_000)
        }
        assert.equal(await storedUse(server, server.tenantId, key), null)
      } finally {
        await release()
      }
      await until('it is written', async () => (await storedUse(server, server.tenantId, key)) !== null)
      await server.close()
    })

    test('a write that fails is told once and left, and the next use after a minute is written', async () => {
      const server = await openTestServer(database, { repeatTransactions: false })
      const { ctx, tenantId } = server
      const [one, other] = [await server.newKey(), await server.newKey()]
      let tries = 0
      let isFull = true
      let moment = 0
      const { store } = ctx
      const broken: Context = {
        ...ctx,
        store: {
          ...store,
          transaction: (owner, work) => {
            tries += 1
            return isFull ? Promise.reject(new Error('the disk is full')) : store.transaction(owner, work)
          },
        },
      }
      const use = createKeyUse(broken, { now: () => moment })
      const note = async () => {
        for (const key of [one, other]) use.note({ tenantId, keyId: idOf(key), lastUsedAt: null })
        await use.stop(1_000)
      }
      for (moment = 0; moment < 60_000; moment += 10_000) await note()
      assert.equal(tries, 1)
      assert.equal(server.logs.filter((line) => line.includes('used last')).length, 1)
      isFull = false
      await note()
      assert.equal(tries, 3)
      for (const key of [one, other]) assert.notEqual(await storedUse(server, tenantId, key), null)
      await note()
      assert.equal(tries, 3)
      await server.close()
    })

    test('a use in an hour that begins while the one before is being written is written too', async () => {
      const server = await openTestServer(database, { repeatTransactions: false })
      const key = await server.newKey()
      const { store } = server.ctx
      let clock = '2026-05-10T12:59:59.000Z'
      let open = () => {}
      const gate = new Promise<void>((resolve) => (open = resolve))
      const slow: Context = {
        ...server.ctx,
        clock: () => new Date(clock),
        store: {
          ...store,
          transaction: (owner, work) => gate.then(() => store.transaction(owner, work)),
        },
      }
      const use = createKeyUse(slow)
      const used = { tenantId: server.tenantId, keyId: idOf(key), lastUsedAt: null }
      use.note(used)
      clock = '2026-05-10T13:00:00.000Z'
      use.note(used)
      open()
      await use.stop(5_000)
      assert.equal(await storedUse(server, server.tenantId, key), clock)
      await server.close()
    })

    test('what was used just before the end is written down all the same', async () => {
      const server = await openTestServer(database, { repeatTransactions: false })
      const keys = await Promise.all(Array.from({ length: 5 }, () => server.newKey()))
      await Promise.all(keys.map((key) => server.request('GET', '/v1/carriers', { key })))
      await new Promise((resolve) => setImmediate(resolve))
      await server.app.close()
      for (const key of keys) assert.notEqual(await storedUse(server, server.tenantId, key), null)
      await server.close()
    })
  })
