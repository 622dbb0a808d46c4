import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, test, type TestContext } from 'node:test'
import pg from 'pg'
import type { DatabaseFiles, Store } from '../../src/store/db.ts'
import { openPostgres } from '../../src/store/postgres/open.ts'
import { createVacuum } from '../../src/store/postgres/vacuum.ts'
import { unique } from '../support/unique.ts'
import { runAsOwner, databases } from '../support/database/databases.ts'
import { openTestServer, type TestServer } from '../support/server/test-server.ts'

const PATH = '/v1/connections/carriers/stamps_com'
const body = () => ({ nickname: 'x', username: unique('user'), password: 'a password' })

/** Makes a server whose tables with sealed bytes have dead rows, and whose store is closed. */
async function openWorn(t: TestContext): Promise<TestServer> {
  const server = await openTestServer('postgres', {
    repeatTransactions: false,
    env: { HAWSER_VERIFICATION: 'off' },
  })
  t.after(() => server.close().catch(() => {}))
  // The automatic vacuum is off, because it would come in the middle of a slow run.
  for (const table of ['connection', 'deleted_connection', 'previous_credentials'])
    await runAsOwner(urlOf(server), `alter table ${table} set (autovacuum_enabled = false)`)
  for (let count = 0; count < 20; count += 1) {
    const { json } = await server.request('POST', PATH, { body: body() })
    for (let turn = 0; turn < 2; turn += 1)
      assert.equal((await server.request('PUT', `${PATH}/${json.carrier_id}`, { body: body() })).status, 200)
    assert.equal((await server.request('DELETE', `${PATH}/${json.carrier_id}`)).status, 204)
  }
  await server.ctx.store.close()
  return server
}

const urlOf = (server: TestServer) => server.env.HAWSER_DATABASE_URL ?? ''

async function reopen(t: TestContext, server: TestServer, url: string, vacuumMs: number) {
  const told: unknown[][] = []
  const store = await openPostgres(url, 3, { vacuumMs, tell: (...words) => told.push(words) })
  t.after(() => store.close().catch(() => {}))
  server.ctx.store = store
  return { store, told }
}

async function tablesOf(store: Store): Promise<Extract<DatabaseFiles, { dialect: 'postgres' }>['tables']> {
  const files = await store.describeFiles()
  assert.ok(files.dialect === 'postgres')
  return files.tables
}

async function until(holds: () => Promise<boolean>, ms: number): Promise<void> {
  const start = Date.now()
  while (!(await holds())) {
    assert.ok(Date.now() - start < ms, `not within ${ms} ms`)
    await pause(50)
  }
}

const write = (server: TestServer) => server.newTenant('another')

describe('vacuum', { skip: databases.includes('postgres') ? false : 'no PostgreSQL in this run' }, () => {
  test('the tables of which something can be erased are vacuumed after something was written, and not before', async (t) => {
    const server = await openWorn(t)
    const { store, told } = await reopen(t, server, urlOf(server), 200)
    await until(async () => (await tablesOf(store)).some(({ deadRows }) => deadRows > 0), 10_000)
    await pause(500)
    assert.ok((await tablesOf(store)).every(({ vacuumedAt }) => vacuumedAt === null))
    await write(server)
    await until(async () => (await tablesOf(store)).every(({ vacuumedAt }) => vacuumedAt !== null), 10_000)
    assert.deepEqual(
      (await tablesOf(store)).map(({ table, deadRows }) => [table, deadRows]),
      [
        ['audit_change', 0],
        ['carrier_token', 0],
        ['connection', 0],
        ['deleted_connection', 0],
        ['previous_credentials', 0],
        ['sign_in', 0],
        ['tombstone', 0],
        ['webhook_endpoint', 0],
      ],
    )
    assert.deepEqual(told, [])
  })

  test('a login that may not vacuum leaves it to autovacuum, and says so', async (t) => {
    const server = await openWorn(t)
    const guest = `guest_${randomBytes(4).toString('hex')}`
    await runAsOwner(urlOf(server), `create role ${guest} login`)
    await runAsOwner(urlOf(server), `grant hawser_app to ${guest}`)
    const { store, told } = await reopen(t, server, urlOf(server).replace('//owner@', `//${guest}@`), 50)
    await write(server)
    await pause(500)
    const files = await store.describeFiles()
    assert.ok(files.dialect === 'postgres' && !files.mayVacuum)
    assert.ok(files.tables.every(({ vacuumedAt }) => vacuumedAt === null))
    assert.deepEqual(told, [])
    await store.close()
    await runAsOwner(urlOf(server), `drop role ${guest}`)
  })

  test('a table that somebody holds is passed over, and neither vacuum nor closing waits', async (t) => {
    const server = await openWorn(t)
    const { store, told } = await reopen(t, server, urlOf(server), 50)
    const holder = new pg.Client({ connectionString: urlOf(server) })
    await holder.connect()
    await holder.query('begin; lock table connection in share update exclusive mode')
    await write(server)
    const vacuumed = async () =>
      (await tablesOf(store)).filter(({ vacuumedAt }) => vacuumedAt !== null).map(({ table }) => table)
    await until(async () => (await vacuumed()).length === 7, 10_000)
    assert.ok(!(await vacuumed()).includes('connection'))
    await write(server)
    await pause(60)
    const start = Date.now()
    await store.close()
    assert.ok(Date.now() - start < 2_000)
    await holder.end()
    assert.deepEqual(told, [])
  })

  test('what fails is told once and tried again, and nobody else is harmed', async () => {
    const told: unknown[][] = []
    const vacuum = createVacuum('postgres://127.0.0.1:1/none', (...words) => told.push(words), {
      everyMs: 20,
    })
    vacuum.note()
    await until(async () => told.length > 0, 5_000)
    await pause(200)
    vacuum.end()
    assert.equal(told.length, 1)
    assert.equal((told[0]?.[1] as { code?: string }).code, 'ECONNREFUSED')
  })
})
