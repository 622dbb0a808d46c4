import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { sql } from 'kysely'
import pg from 'pg'
import { databases } from '../support/database/databases.ts'
import { openTestServer, type TestServer } from '../support/server/test-server.ts'
import { requestConnect } from '../support/connections/connect.ts'

describe('another process that writes to the SQLite file', () => {
  let server: TestServer
  let other: DatabaseSync
  before(async () => {
    server = await openTestServer('sqlite')
    other = new DatabaseSync(server.env.HAWSER_DATABASE_URL?.replace('sqlite:', '') ?? '')
  })
  after(async () => {
    other.close()
    await server.close()
  })

  test('holds up writers until it is done, and nobody else', async () => {
    other.exec('begin immediate')
    const writers = [requestConnect(server, 'stamps_com'), requestConnect(server, 'stamps_com')]
    const start = Date.now()
    for (let asked = 0; asked < 20; asked += 1)
      assert.equal((await server.request('GET', '/v1/carriers')).status, 200)
    assert.ok(Date.now() - start < 2_000, 'readers waited for the lock')
    other.exec('commit')
    assert.deepEqual(
      (await Promise.all(writers)).map(({ status }) => status),
      [200, 200],
    )
  })

  test('a transaction of long statements lets others have their turn between them', async () => {
    const long = sql`with recursive n (i) as (select 1 union all select i + 1 from n where i < 500000) select count(*) from n`
    let isOver = false
    let turns = 0
    const turn = () => {
      turns += 1
      if (!isOver) setImmediate(turn)
    }
    setImmediate(turn)
    const work = server.ctx.store.transaction(server.tenantId, async (tx) => {
      for (let statement = 0; statement < 5; statement += 1) await long.execute(tx)
      return turns
    })
    const read = server.request('GET', '/v1/carriers')
    assert.ok((await work) >= 4)
    isOver = true
    assert.equal((await read).status, 200)
  })

  test('and never ends is answered 503 in the time of one wait, whoever else waits', async () => {
    other.exec('begin immediate')
    const start = Date.now()
    const answers = await Promise.all([
      requestConnect(server, 'stamps_com'),
      requestConnect(server, 'stamps_com'),
      requestConnect(server, 'stamps_com'),
    ])
    other.exec('rollback')
    assert.deepEqual(
      answers.map(({ status }) => status),
      [503, 503, 503],
    )
    assert.ok(Date.now() - start < 9_000)
    assert.equal((await requestConnect(server, 'stamps_com')).status, 200)
  })
})

describe(
  'a tenant whose writers wait on PostgreSQL',
  { skip: databases.includes('postgres') ? false : 'no PostgreSQL in this run' },
  () => {
    test('leaves connections for everybody else', async () => {
      const server = await openTestServer('postgres', { repeatTransactions: false })
      const other = await server.newKey({ tenantId: await server.newTenant() })
      const lock = new pg.Client({ connectionString: server.env.HAWSER_DATABASE_URL })
      await lock.connect()
      try {
        await lock.query('begin')
        await lock.query(`select * from audit_head where tenant_id = '${server.tenantId}' for update`)
        const waiting = Array.from({ length: 30 }, () => requestConnect(server, 'stamps_com'))
        const start = Date.now()
        for (let asked = 0; asked < 10; asked += 1)
          assert.equal((await requestConnect(server, 'stamps_com', { key: other })).status, 200)
        assert.ok(Date.now() - start < 4_000)
        await lock.query('rollback')
        assert.deepEqual([...new Set((await Promise.all(waiting)).map(({ status }) => status))], [200])
      } finally {
        await lock.end()
        await server.close()
      }
    })
  },
)
