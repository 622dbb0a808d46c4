import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { parseConfig } from '../../../src/config.ts'
import { openContext } from '../../../src/open-installation.ts'
import { buildApp } from '../../../src/http/app.ts'
import { createLog } from '../../../src/log.ts'
import { simulator } from '../../../src/simulator/sandbox.ts'
import { unique } from '../../support/unique.ts'
import { databases, type DatabaseName } from '../../support/database/databases.ts'
import { openTestServer } from '../../support/server/test-server.ts'
import { newLabel } from '../../support/shipments/labels.ts'

// Two servers share one database, like two processes, and each race sends two requests at the same moment. HAWSER_TEST_RACES=10000 runs more races.
const RACES = Number(process.env.HAWSER_TEST_RACES ?? 1_500)
/** So many tenants race at the same time, because writers of one tenant take turns. */
const TENANTS = 8
const path = '/v1/connections/carriers/couriers_please'

type Answer = { status: number; json: any }
type Ask = (method: string, url: string, body?: object) => Promise<Answer>
/** A scene has two ways to send requests for the same tenant, one through each server. */
type Scene = { left: Ask; right: Ask; rows: (table: Table, id: string) => Promise<number> }
type Table = 'connection' | 'deleted_connection' | 'tombstone' | 'label'
/** `Outcomes` counts how often each race had each of its outcomes. */
type Outcomes = Map<string, Map<string, number>>

async function openScenes(t: TestContext, database: DatabaseName): Promise<Scene[]> {
  const env = { HAWSER_VERIFICATION: 'off' }
  const server = await openTestServer(database, { repeatTransactions: false, env })
  const log = createLog('fatal', { write: () => {} })
  const ctx = await openContext(parseConfig(server.env).config, log, { simulator })
  const other = await buildApp(ctx, '0.0.0')
  t.after(async () => {
    await other.close()
    await ctx.store.close()
    await server.close()
  })
  const through =
    (app: typeof other, key: string): Ask =>
    async (method, url, body) => {
      const headers = { 'API-Key': key, ...(body && { 'content-type': 'application/json' }) }
      const payload = body && JSON.stringify(body)
      const answer = await app.inject({ method: method as 'GET', url, headers, ...(payload && { payload }) })
      assert.ok(answer.statusCode < 500, `${method} ${url}: ${answer.statusCode} ${answer.body}`)
      return { status: answer.statusCode, json: answer.body === '' ? undefined : JSON.parse(answer.body) }
    }
  return Promise.all(
    Array.from({ length: TENANTS }, async () => {
      const tenantId = await server.newTenant()
      const key = await server.newKey({ tenantId })
      const rows: Scene['rows'] = async (table, id) => {
        const found = await server.ctx.store.read(tenantId, (db) =>
          db.selectFrom(table).select('carrier_id').where('carrier_id', '=', id).execute(),
        )
        return found.length
      }
      return { left: through(server.app, key), right: through(other, key), rows }
    }),
  )
}

async function connect({ left }: Scene, account = unique('race')): Promise<string> {
  const { status, json } = await left('POST', path, {
    nickname: 'R',
    account_number: account,
    api_secret: 's',
  })
  assert.equal(status, 200)
  return json.carrier_id
}

const imported = ({ json }: Answer): boolean => json.results[0].outcome === 'imported'
const given = (label: string, first: unknown, second: unknown) =>
  `${label}: ${String(first)} ‖ ${String(second)}`

type Meet = (first: () => Promise<Answer>, second: () => Promise<Answer>) => Promise<[Answer, Answer]>

/** Exchanges the two servers of a scene in half of the races. */
const sideOf = (scene: Scene, turn: number): Scene =>
  Math.floor(turn / 10) % 2 === 0 ? scene : { ...scene, left: scene.right, right: scene.left }

/** Sends two requests together; each begins first in half of the races, and in a third of the races by a few milliseconds, so that the slower one also wins. */
const meetIn =
  (turn: number): Meet =>
  async (first, second) => {
    const isSwapped = Math.floor(turn / 5) % 2 !== 0
    const behind = async (ask: () => Promise<Answer>) => {
      if (turn % 3 === 0) await pause(1 + (turn % 40))
      return ask()
    }
    return Promise.all(isSwapped ? [behind(first), second()] : [first(), behind(second)])
  }

/** Each race prepares a connection, lets two requests meet, checks what must hold whichever of them wins, and returns the name of its outcome. */
const races: Record<string, (scene: Scene, meet: Meet) => Promise<string>> = {
  'record a label ‖ delete': async (scene, meet) => {
    const id = await connect(scene)
    const [label, deleted] = await meet(
      () => scene.left('POST', '/v1/labels/import', { labels: [newLabel(id)] }),
      () => scene.right('DELETE', `${path}/${id}`),
    )
    const isIn = imported(label)
    assert.equal(deleted.status, isIn ? 409 : 204)
    assert.equal(await scene.rows('connection', id), isIn ? 1 : 0)
    assert.equal(await scene.rows('label', id), isIn ? 1 : 0)
    return given('label', isIn, deleted.status)
  },
  'record a manifest ‖ delete': async (scene, meet) => {
    const id = await connect(scene)
    const label = newLabel(id)
    await scene.left('POST', '/v1/labels/import', { labels: [label] })
    const [manifest, deleted] = await meet(
      () =>
        scene.left('POST', '/v1/manifests/import', {
          carrier_id: id,
          tracking_numbers: [label.tracking_number],
        }),
      () => scene.right('DELETE', `${path}/${id}`),
    )
    assert.equal(manifest.status, 200)
    assert.ok(deleted.status === 204 || deleted.status === 409)
    assert.equal(await scene.rows('connection', id), deleted.status === 204 ? 0 : 1)
    return given('manifest', manifest.status, deleted.status)
  },
  'update ‖ delete': async (scene, meet) => {
    const id = await connect(scene)
    const body = { nickname: 'next', account_number: unique('race'), api_secret: 't' }
    const [updated, deleted] = await meet(
      () => scene.left('PUT', `${path}/${id}`, body),
      () => scene.right('DELETE', `${path}/${id}`),
    )
    assert.equal(deleted.status, 204)
    assert.ok(updated.status === 200 || updated.status === 404)
    assert.equal(await scene.rows('connection', id), 0)
    assert.equal(await scene.rows('deleted_connection', id), 1)
    return given('update', updated.status, deleted.status)
  },
  'restore ‖ purge': async (scene, meet) => {
    const id = await connect(scene)
    await scene.left('DELETE', `${path}/${id}`)
    const [restored, purged] = await meet(
      () => scene.left('POST', `${path}/${id}/restore`),
      () => scene.right('DELETE', `${path}/${id}?purge=true`),
    )
    assert.equal(purged.status, 204)
    assert.ok(restored.status === 200 || restored.status === 409)
    for (const table of ['connection', 'deleted_connection'] as const)
      assert.equal(await scene.rows(table, id), 0)
    assert.equal(await scene.rows('tombstone', id), 1)
    return given('restore', restored.status, purged.status)
  },
  'restore ‖ reconnect': async (scene, meet) => {
    const account = unique('race')
    const id = await connect(scene, account)
    await scene.left('DELETE', `${path}/${id}`)
    const [restored, again] = await meet(
      () => scene.left('POST', `${path}/${id}/restore`),
      () => scene.right('POST', path, { nickname: 'R', account_number: account, api_secret: 's' }),
    )
    assert.deepEqual([restored.status, again.status].sort(), [200, 409])
    assert.equal(await scene.rows('connection', id), restored.status === 200 ? 1 : 0)
    assert.equal(await scene.rows('deleted_connection', id), restored.status === 200 ? 0 : 1)
    return given('restore', restored.status, again.status)
  },
}

for (const database of databases)
  test(`${database}: of ${RACES} races with a delete none has two winners, and none leaves an orphan`, async (t) => {
    const scenes = await openScenes(t, database)
    const names = Object.keys(races)
    const outcomes: Outcomes = new Map()
    let turn = 0
    await Promise.all(
      scenes.map(async (scene) => {
        while (turn < RACES) {
          turn += 1
          const name = names[turn % names.length] ?? ''
          const outcome = (await races[name]?.(sideOf(scene, turn), meetIn(turn))) ?? ''
          const counts = outcomes.get(name) ?? new Map<string, number>()
          outcomes.set(name, counts.set(outcome, (counts.get(outcome) ?? 0) + 1))
        }
      }),
    )
    const all = [...outcomes].map(([name, counts]) => [name, Object.fromEntries(counts)] as const)
    t.diagnostic(JSON.stringify(Object.fromEntries(all)))
    const run = all.flatMap(([, counts]) => Object.values(counts)).reduce((sum, count) => sum + count, 0)
    assert.equal(run, RACES)
    // As the control, every race has two outcomes: where the same request always won, the two would not have met.
    for (const [name, counts] of outcomes) assert.equal(counts.size, 2, name)
  })
