import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { parseConfig } from '../../../src/config.ts'
import { openContext } from '../../../src/open-installation.ts'
import { createLog } from '../../../src/log.ts'
import { checkStore, type StoreCheck } from '../../support/crashes/check-store.ts'
import { isLive, newJournal, startLoad, type Journal } from '../../support/crashes/write-load.ts'
import { runAsOwner, databases } from '../../support/database/databases.ts'
import { startPostgres } from '../../support/database/postgres-server.ts'
import { openWorkspace } from '../../support/processes/workspace.ts'
import { requireFirstKeys } from '../../support/processes/first-keys.ts'
import type { Answer, ServerProcess } from '../../support/processes/server-process.ts'

const ROUNDS = 10
const TENANT = 'se-default'
const skip = databases.includes('postgres') ? false : 'there is no PostgreSQL in this run'

test(
  'crash (postgres): when the database crashes under 32 writers, every acknowledged write is there, none is half applied, and the server recovers by itself',
  { skip },
  async (t) => {
    const postgres = await startPostgres({ durable: true })
    t.after(postgres.stop)
    await runAsOwner(postgres.url, 'create database hawser')
    const workspace = await openWorkspace('sqlite')
    t.after(workspace.remove)
    const url = postgres.url.replace(/postgres$/, 'hawser')
    const env = { HAWSER_DATABASE_URL: url, HAWSER_KEK_FILE: workspace.keyFile, HAWSER_RATE_LIMIT: 'off' }
    const server = await workspace.serve(env)
    const key = requireFirstKeys(server.stdout()).production
    const journal = newJournal()
    const totals = {
      rounds: 0,
      answered: 0,
      unavailable: 0,
      lost: 0,
      halfApplied: 0,
      unexplained: 0,
      events: 0,
    }
    let slowest = 0
    let last: StoreCheck | undefined
    for (let round = 0; round < ROUNDS; round += 1) {
      const load = startLoad(server.address, key, journal)
      await load.warm
      await pause(200 + Math.random() * 400)
      await postgres.crash()
      await pause(50)
      assert.ok(server.isAlive(), `the server ended with its database:\n${server.stderr()}`)
      await isUnavailable(server, key)
      await postgres.start()
      const back = performance.now()
      while ((await server.request('GET', '/readyz')).status !== 200) {
        assert.ok(performance.now() - back < 10_000, 'it recovers by itself')
        await pause(10)
      }
      slowest = Math.max(slowest, performance.now() - back)
      await pause(150)
      await load.stop()
      assert.ok(server.isAlive(), server.stderr())
      assert.deepEqual(load.problems, [], 'every request is answered as it should be')
      assert.equal(load.counts[0], undefined, 'every request is answered')
      const state = await check(env, journal)
      const standing = [...journal.connections].filter(([, writes]) => isLive(writes)).map(([id]) => id)
      const { json } = await server.request('GET', '/v1/carriers', { key })
      assert.deepEqual(json.carriers.map(({ carrier_id }: any) => carrier_id).sort(), standing.sort())
      totals.rounds += 1
      totals.answered += (load.counts[200] ?? 0) + (load.counts[204] ?? 0)
      totals.unavailable += load.counts[503] ?? 0
      totals.lost += state.lost.length
      totals.halfApplied += state.halfApplied.length
      totals.unexplained += state.unexplained.length
      totals.events = state.events
      last = state
      assertWhole(state)
    }
    const applied = last?.appliedAfter503 ?? []
    t.diagnostic(
      `crash (postgres): ${JSON.stringify({ ...totals, appliedAfter503: applied.length, slowest: Math.round(slowest) })}`,
    )
    assert.ok(totals.answered > ROUNDS * 5 && totals.unavailable > ROUNDS)
    // The connection to PostgreSQL can break during a commit: then the server does not know whether anything changed, and may not say that nothing did.
    const untrue = applied.filter((text) => text.includes('nothing was changed'))
    assert.deepEqual(untrue, [], 'a refusal that says that nothing was changed is true')
    const { code } = await server.stop()
    assert.equal(code, 0)
  },
)

/** Checks what the server says while its database is down: it lives, it is not ready, and its refusals have the usual form. */
async function isUnavailable(server: ServerProcess, key: string): Promise<void> {
  const alive = await server.request('GET', '/healthz')
  assert.equal(alive.status, 200)
  const body = { nickname: 'n', username: 'u', password: 'p' }
  const refused: Answer[] = await Promise.all([
    server.request('GET', '/readyz'),
    server.request('GET', '/v1/carriers', { key }),
    server.request('POST', '/v1/connections/carriers/stamps_com', { key, body }),
  ])
  for (const { status, headers, json } of refused) {
    assert.equal(status, 503)
    assert.equal(headers.get('content-type'), 'application/json; charset=utf-8')
    assert.equal(json.request_id, headers.get('x-shipengine-requestid'))
    assert.deepEqual(
      json.errors.map(({ error_source, error_type, error_code }: any) => [
        error_source,
        error_type,
        error_code,
      ]),
      [['shipengine', 'system', 'unspecified']],
    )
  }
}

async function check(env: Record<string, string>, journal: Journal): Promise<StoreCheck> {
  const ctx = await openContext(parseConfig(env).config, createLog('fatal'))
  try {
    return await checkStore(ctx, TENANT, journal)
  } finally {
    await ctx.store.close()
  }
}

function assertWhole({ lost, halfApplied, unexplained }: StoreCheck): void {
  assert.deepEqual({ lost, halfApplied, unexplained }, { lost: [], halfApplied: [], unexplained: [] })
}
