import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as breathe, setTimeout as pause } from 'node:timers/promises'
import { describe, test, type TestContext } from 'node:test'
import { createErasures } from '../../../src/connections/deletes/erase-worker.ts'
import { openPostgres } from '../../../src/store/postgres/open.ts'
import { sizeOf } from '../../../src/store/sqlite/checkpoints.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { unique } from '../../support/unique.ts'
import { countOccurring, readDatabaseFiles } from '../../support/database/database-files.ts'
import { readEnvelopes, type Envelopes } from '../../support/database/envelopes.ts'
import { runAsOwner, databases } from '../../support/database/databases.ts'
import { openTestServer, type TestServer } from '../../support/server/test-server.ts'
import { DAY, newClock } from '../../support/clock.ts'

const PATH = '/v1/connections/carriers/stamps_com'
const CALLERS = 8
const body = () => ({ nickname: 'x', username: unique('user'), password: 'a password' })

/** A run has the sealed parts that should be gone, and the number of envelopes that were ever sealed. */
type Run = { gone: Buffer[]; envelopes: number }

/** Calls `work` `count` times, and lets several calls run at once. */
async function each(count: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0
  const caller = async () => {
    while (next < count) {
      await work(next++)
      await breathe()
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
}

const ask = async (
  server: TestServer,
  method: string,
  path: string,
  { status, ...asked }: { status: number; body?: object },
) => {
  const answer = await server.request(method, path, asked)
  assert.equal(answer.status, status, answer.text)
  return answer.json
}

/** Runs readers and writers on their own connections, which come and go all the time, until the returned function is called. */
function disturb(server: TestServer): () => Promise<void> {
  let isOver = false
  const writer = async () => {
    while (!isOver) {
      const { carrier_id: id } = await ask(server, 'POST', PATH, { status: 200, body: body() })
      await ask(server, 'PUT', `${PATH}/${id}`, { status: 200, body: body() })
      if (Math.random() < 0.7) await ask(server, 'DELETE', `${PATH}/${id}?purge=true`, { status: 204 })
      await pause(50)
    }
  }
  const reader = async () => {
    while (!isOver) {
      await ask(server, 'GET', '/v1/connections?page_size=20', { status: 200 })
      await pause(50)
    }
  }
  const beside = [writer(), writer(), reader(), reader()]
  return async () => {
    isOver = true
    await Promise.all(beside)
  }
}

/**
 * Connects, updates every connection twice and deletes every one; half of them are erased at once, and half by the worker when they become due,
 * while others read and write.
 */
async function work(server: TestServer, connections: number, forward: (ms: number) => void): Promise<Run> {
  const seen: Envelopes = new Map()
  const look = async () => {
    const now = await readEnvelopes(server.ctx.store, server.tenantId)
    for (const [salt, parts] of now) seen.set(salt, parts)
    return now
  }
  const stop = disturb(server)
  const ids: string[] = []
  await each(connections, async () => {
    ids.push((await ask(server, 'POST', PATH, { status: 200, body: body() })).carrier_id)
  })
  await look()
  for (let turn = 0; turn < 2; turn += 1) {
    await each(connections, async (at) => {
      await ask(server, 'PUT', `${PATH}/${ids[at]}`, { status: 200, body: body() })
    })
    await look()
  }
  await each(connections, async (at) => {
    await ask(server, 'DELETE', `${PATH}/${ids[at]}${at % 2 === 0 ? '?purge=true' : ''}`, { status: 204 })
  })
  await look()
  forward(7 * DAY)
  assert.equal(await createErasures(server.ctx).tick(), connections / 2)
  await stop()
  const left = await look()
  const gone = [...seen].filter(([salt]) => !left.has(salt)).flatMap(([, parts]) => parts)
  assert.ok(gone.length / 4 >= connections * 5.5, 'two updates and a delete remove so many at least')
  return { gone, envelopes: gone.length / 4 }
}

const fileOf = (server: TestServer) => (server.env.HAWSER_DATABASE_URL ?? '').replace('sqlite:', '')

async function open(t: TestContext, database: 'sqlite' | 'postgres') {
  const clock = newClock()
  const env = { HAWSER_VERIFICATION: 'off' }
  const server = await openTestServer(database, { repeatTransactions: false, clock: clock.now, env })
  t.after(() => server.close().catch(() => {}))
  return { server, forward: clock.forward }
}

/** Waits until the log has been copied and emptied, and returns the percentage of the erased parts that still stand in the files. */
async function shareFound(server: TestServer, { gone }: Run): Promise<number> {
  for (let looks = 0; sizeOf(`${fileOf(server)}-wal`) > 0 && looks < 100; looks += 1) await pause(50)
  return (100 * countOccurring(gone, readDatabaseFiles(fileOf(server)))) / gone.length
}

describe('erasure (sqlite)', () => {
  test('after 2,000 deletes and 2,000 double updates under load only copies of moved rows are left in the files', async (t) => {
    const { server, forward } = await open(t, 'sqlite')
    const run = await work(server, 2_000, forward)
    const share = await shareFound(server, run)
    console.log(`sqlite: ${run.envelopes} envelopes erased, ${share.toFixed(2)} % of their parts found`)
    assert.ok(share < 1)
    const eye = new DatabaseSync(fileOf(server), { readOnly: true })
    assert.equal(eye.prepare('pragma integrity_check').get()?.integrity_check, 'ok')
    eye.close()
  })

  test('the control: without secure_delete many more are', async (t) => {
    const { server, forward } = await open(t, 'sqlite')
    await server.ctx.store.close()
    server.ctx.store = await openSqlite(fileOf(server), { secureDelete: false })
    const run = await work(server, 200, forward)
    const share = await shareFound(server, run)
    console.log(
      `sqlite without secure_delete: ${run.envelopes} envelopes erased, ${share.toFixed(2)} % found`,
    )
    assert.ok(share > 5)
  })
})

describe(
  'erasure (postgres)',
  { skip: databases.includes('postgres') ? false : 'no PostgreSQL in this run' },
  () => {
    test('after 2,000 deletes and 2,000 double updates under load the rows are gone, and after the vacuum the dead ones', async (t) => {
      const { server, forward } = await open(t, 'postgres')
      const { gone, envelopes } = await work(server, 2_000, forward)
      const url = server.env.HAWSER_DATABASE_URL ?? ''
      const rows = await runAsOwner(
        url,
        `select credentials as bytes from connection union all select credentials from previous_credentials
          union all select sealed from deleted_connection`,
      )
      const stored = Buffer.concat(rows.map(({ bytes }) => bytes))
      assert.ok(stored.length > 0)
      assert.equal(countOccurring(gone, stored), 0)
      // A connection to PostgreSQL reports what it has done to the statistics when it ends.
      await server.ctx.store.close()
      server.ctx.store = await openPostgres(url, 3, { vacuumMs: 100 })
      await server.newTenant('another')
      const dead = async () => {
        const files = await server.ctx.store.describeFiles()
        assert.ok(files.dialect === 'postgres')
        return files.tables.map(({ deadRows, vacuumedAt }) => (vacuumedAt === null ? -1 : deadRows))
      }
      for (let looks = 0; (await dead()).some((count) => count !== 0) && looks < 100; looks += 1)
        await pause(100)
      console.log(
        `postgres: ${envelopes} envelopes erased, dead rows after the vacuum: ${(await dead()).join()}`,
      )
      assert.deepEqual(await dead(), [0, 0, 0, 0, 0, 0, 0, 0])
    })
  },
)
