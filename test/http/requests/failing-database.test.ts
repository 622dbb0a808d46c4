import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { describe, test } from 'node:test'
import { reasonOf } from '../../../src/store/database-failures.ts'
import { unique } from '../../support/unique.ts'
import { runAsOwner, databases } from '../../support/database/databases.ts'
import { openTestServer, type TestServer } from '../../support/server/test-server.ts'
import { requestConnect } from '../../support/connections/connect.ts'

const body = () => ({ nickname: 'x'.repeat(90), username: unique('user'), password: 'p'.repeat(1_900) })
const events = async (server: TestServer) => (await server.request('GET', '/v1/audit')).json.total as number

/** Returns what the log says about the last request that failed. */
function lastFailure({ logs }: TestServer): string {
  return logs.findLast((line) => line.includes('"request failed"')) ?? ''
}

const server = async (
  t: { after: (end: () => Promise<void>) => void },
  database: (typeof databases)[number],
) => {
  const opened = await openTestServer(database, {
    repeatTransactions: false,
    env: { HAWSER_VERIFICATION: 'off' },
  })
  t.after(opened.close)
  return opened
}

test('failing database: a full disk is answered 503, the log says so, nothing is half done, and service resumes (sqlite)', async (t) => {
  const own = await server(t, 'sqlite')
  const limit = (pages: number) =>
    own.ctx.store.transaction(own.tenantId, (tx) =>
      sql`pragma max_page_count = ${sql.lit(pages)}`.execute(tx),
    )
  assert.equal((await requestConnect(own, 'stamps_com', { body: body() })).status, 200, 'the control')
  await limit(1)
  let stored = 1
  let answer = await requestConnect(own, 'stamps_com', { body: body() })
  for (; answer.status === 200; answer = await requestConnect(own, 'stamps_com', { body: body() }))
    stored += 1
  const before = await events(own)
  for (let times = 0; times < 3; times += 1)
    assert.equal((await requestConnect(own, 'stamps_com', { body: body() })).status, 503)
  assert.match(lastFailure(own), /SQLite 13: the disk is full/)
  assert.doesNotMatch(answer.text, /disk|SQLite/)
  assert.equal(await events(own), before, 'reading goes on, and nothing was recorded')
  await limit(1_000_000)
  assert.equal((await requestConnect(own, 'stamps_com', { body: body() })).status, 200)
  const { json } = await own.request('GET', '/v1/carriers')
  assert.equal(json.carriers.length, stored + 1)
})

describe(
  'failing database (postgres)',
  { skip: databases.includes('postgres') ? false : 'no PostgreSQL in this run' },
  () => {
    // A statement fails, or a commit does, with the codes that a PostgreSQL server gives when it lacks something.
    const codes = ['53100', '53200', '58030', '25006', '40001', '55P03', '57014', 'XX001', '28000']
    for (const moment of ['not deferrable', 'deferrable initially deferred'])
      test(`failing database: what the server lacks is answered 503 and told, when a trigger is ${moment}`, async (t) => {
        const own = await server(t, 'postgres')
        const url = own.env.HAWSER_DATABASE_URL ?? ''
        assert.equal((await requestConnect(own, 'stamps_com', { body: body() })).status, 200, 'the control')
        const before = await events(own)
        for (const code of codes) {
          await runAsOwner(
            url,
            `create function lack() returns trigger language plpgsql as $$ begin
              raise exception 'a text that nobody sees' using errcode = '${code}'; end $$`,
          )
          await runAsOwner(
            url,
            `create constraint trigger lack after insert on connection ${moment} for each row execute function lack()`,
          )
          const answer = await requestConnect(own, 'stamps_com', { body: body() })
          assert.equal(answer.status, 503, code)
          const told = lastFailure(own)
          assert.ok(told.includes(`The database answered ${code}: ${reasonOf(code)}`), told)
          assert.ok(!`${told}${answer.text}`.includes('nobody sees'))
          await runAsOwner(url, 'drop function lack cascade')
        }
        assert.equal(await events(own), before)
        assert.equal((await requestConnect(own, 'stamps_com', { body: body() })).status, 200)
      })
  },
)

test('failing database: every code that stands for a lack has its words', () => {
  for (const code of [3, 7, 8, 10, 11, 13, 14, 22, 26, 266, 522, 778, 1034, 4618, 5386].map(
    (n) => `SQLite ${n}`,
  ))
    assert.ok(reasonOf(code), code)
  for (const code of [
    '53100',
    '53400',
    '58030',
    '25006',
    '57P01',
    '28P01',
    '3D000',
    'ECONNREFUSED',
    'CERT_HAS_EXPIRED',
  ])
    assert.ok(reasonOf(code), code)
  assert.equal(reasonOf('SQLite 1'), undefined)
  assert.equal(reasonOf('23505'), undefined)
})
