import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { parseConfig } from '../../../src/config.ts'
import { openContext } from '../../../src/open-installation.ts'
import { createLog } from '../../../src/log.ts'
import { checkStore, type StoreCheck } from '../../support/crashes/check-store.ts'
import { isLive, newJournal, startLoad, type Journal } from '../../support/crashes/write-load.ts'
import { openWorkspace, type Workspace } from '../../support/processes/workspace.ts'
import { requireFirstKeys } from '../../support/processes/first-keys.ts'
import type { ServerProcess } from '../../support/processes/server-process.ts'

const ROUNDS = 50
const TENANT = 'se-default'
const quiet = { HAWSER_RATE_LIMIT: 'off', HAWSER_LOG_LEVEL: 'info' }

test('crash (sqlite): after kill -9 under 32 writers every acknowledged write is there and none is half applied', async (t) => {
  const workspace = await openWorkspace('sqlite')
  t.after(workspace.remove)
  let server = await workspace.serve(quiet)
  const key = requireFirstKeys(server.stdout()).production
  const journal = newJournal()
  const totals = { rounds: 0, answered: 0, unanswered: 0, lost: 0, halfApplied: 0, unexplained: 0, events: 0 }
  const kinds: Record<string, number> = {}
  for (let round = 0; round < ROUNDS; round += 1) {
    const load = startLoad(server.address, key, journal)
    await load.warm
    await pause(100 + Math.random() * 200)
    await server.kill()
    await load.stop()
    assert.deepEqual(load.problems, [], 'every request is answered as it should be')
    totals.unanswered += load.counts[0] ?? 0
    totals.answered += (load.counts[200] ?? 0) + (load.counts[204] ?? 0)
    // In half of the rounds the server is the first to open the database after the crash, and in the other half the check is.
    if (round % 2 === 0) server = await workspace.serve(quiet)
    const state = await check(workspace, journal)
    if (round % 2 === 1) server = await workspace.serve(quiet)
    const standing = [...journal.connections].filter(([, writes]) => isLive(writes)).map(([id]) => id)
    const listed = await listedIds(server, key)
    const missing = standing.filter((id) => !listed.has(id))
    state.lost.push(...missing.map((id) => `${id} is not listed`))
    assert.equal(listed.size, state.live)
    totals.rounds += 1
    totals.lost += state.lost.length
    totals.halfApplied += state.halfApplied.length
    totals.unexplained += state.unexplained.length
    totals.events = state.events
    assertWhole(state)
    assert.equal(integrity(workspace), 'ok')
  }
  for (const { kind, state } of [...journal.connections.values()].flat())
    if (state === 'acknowledged') kinds[kind] = (kinds[kind] ?? 0) + 1
  t.diagnostic(`crash (sqlite): ${JSON.stringify({ ...totals, ...kinds })}`)
  for (const kind of ['connect', 'update', 'settings', 'delete'])
    assert.ok((kinds[kind] ?? 0) > 20, `enough of ${kind}`)
  assert.ok(totals.answered > ROUNDS * 5, 'the writers were at work')
  assert.ok(totals.unanswered > ROUNDS, 'the kills came in the middle of requests')
})

test('crash (sqlite): the check finds an invented acknowledgement, a half applied state and a missing event', async (t) => {
  const workspace = await openWorkspace('sqlite')
  t.after(workspace.remove)
  const key = requireFirstKeys((await stopped(workspace)).stdout).production
  const journal = newJournal()
  const server = await workspace.serve(quiet)
  const load = startLoad(server.address, key, journal)
  await pause(400)
  await load.stop()
  await server.stop()
  assertWhole(await check(workspace, journal))

  const [id = ''] = journal.hot
  const writes = journal.connections.get(id) ?? []
  const version = 1 + Math.max(...writes.map((write) => write.version ?? 0))
  const invented = (change: (told: Journal) => void) => {
    const told = structuredClone(journal)
    change(told)
    return check(workspace, told)
  }
  const acknowledged = { label: 'invented', state: 'acknowledged' } as const
  const connect = await invented(({ connections }) =>
    connections.set('se-0000000000000000', [{ ...acknowledged, kind: 'connect', version: 1 }]),
  )
  assert.ok(connect.lost.length > 0, 'a connect that was never sent')
  for (const kind of ['update', 'settings', 'delete'] as const) {
    const { lost } = await invented(({ connections }) =>
      connections.get(id)?.push({ ...acknowledged, kind, version }),
    )
    assert.ok(lost.length > 0, `a ${kind} that was never sent`)
  }
  const mixed = await invented(({ connections }) => {
    const last = connections.get(id)?.findLast(({ kind }) => kind === 'update' || kind === 'connect')
    if (last) last.label = 'another'
  })
  assert.ok(mixed.lost.length > 0, 'another document than the acknowledged one')
  const forgotten = await invented(({ connections }) => connections.delete(id))
  assert.ok(forgotten.unexplained.length > 0, 'a connection that nobody sent')

  const tampered = async (change: string) => {
    const db = new DatabaseSync(join(workspace.directory, 'data', 'hawser.db'))
    db.exec(`drop trigger if exists audit_event_no_delete; ${change}`)
    db.close()
    return check(workspace, journal)
  }
  const half = await tampered(`update connection set nickname = 'half' where carrier_id = '${id}'`)
  assert.ok(half.halfApplied.length > 0, 'a nickname beside other credentials')
  const unseen = await tampered(`delete from audit_event where carrier_id = '${id}' and version = 1`)
  assert.ok(unseen.unexplained.length > 1, 'an effect without its event, and a broken chain')
})

async function stopped(workspace: Workspace) {
  return (await workspace.serve(quiet)).stop()
}

async function check({ directory }: Workspace, journal: Journal): Promise<StoreCheck> {
  const env = {
    HAWSER_DATABASE_URL: `sqlite:${join(directory, 'data', 'hawser.db')}`,
    HAWSER_KEK_FILE: join(directory, 'data-keys', 'kek'),
  }
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

async function listedIds(server: ServerProcess, key: string): Promise<Set<string>> {
  const { json } = await server.request('GET', '/v1/carriers', { key })
  return new Set((json.carriers as { carrier_id: string }[]).map(({ carrier_id }) => carrier_id))
}

function integrity({ directory }: Workspace): unknown {
  const db = new DatabaseSync(join(directory, 'data', 'hawser.db'), { readOnly: true })
  try {
    return db.prepare('pragma integrity_check').get()?.integrity_check
  } finally {
    db.close()
  }
}
