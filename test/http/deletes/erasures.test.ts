import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { parseConfig } from '../../../src/config.ts'
import { createErasures } from '../../../src/connections/deletes/erase-worker.ts'
import type { Context } from '../../../src/context.ts'
import { openContext } from '../../../src/open-installation.ts'
import type { Store } from '../../../src/store/db.ts'
import { findPrevious } from '../../../src/store/tables/connections/previous-credentials.ts'
import { changeTenant } from '../../../src/store/tables/tenants/tenants.ts'
import { findDeleted, findTombstone } from '../../../src/store/tables/connections/deleted.ts'
import { unique } from '../../support/unique.ts'
import { databases, type DatabaseName } from '../../support/database/databases.ts'
import { openTestServer, type TestServer } from '../../support/server/test-server.ts'
import { auditTrail } from '../../support/audit/audit-events.ts'
import { DAY, newClock, SECOND, type Clock } from '../../support/clock.ts'

const PATH = '/v1/connections/carriers/stamps_com'
const body = () => ({ nickname: 'Postage', username: unique('user'), password: 'a password' })

type Scene = { server: TestServer; clock: Clock }

async function openScene(t: TestContext, database: DatabaseName): Promise<Scene> {
  const clock = newClock()
  const server = await openTestServer(database, { clock: clock.now, env: { HAWSER_VERIFICATION: 'off' } })
  t.after(server.close)
  return { server, clock }
}

async function connect({ server }: Scene, key = server.key): Promise<string> {
  const { json, text } = await server.request('POST', PATH, { key, body: body() })
  assert.ok(json?.carrier_id, text)
  return json.carrier_id
}

async function remove({ server }: Scene, id: string, key = server.key): Promise<void> {
  assert.equal((await server.request('DELETE', `${PATH}/${id}`, { key })).status, 204)
}

/** Reads what is kept of a connection beside its row. */
async function kept({ server }: Scene, carrierId: string, tenantId = server.tenantId) {
  const key = { tenantId, environment: 'production', carrierId } as const
  return server.ctx.store.read(tenantId, async (db) => ({
    deleted: (await findDeleted(db, key)) !== undefined,
    previous: (await findPrevious(db, key))?.credentials_version,
    erasedAt: (await findTombstone(db, key))?.erased_at,
  }))
}

const actions = async ({ server }: Scene, id: string) =>
  (await auditTrail(server, id)).map(([action]) => action)

for (const database of databases) {
  test(`${database}: a deleted connection is erased when its time has come, and not before; its name stays`, async (t) => {
    const scene = await openScene(t, database)
    const { server, clock } = scene
    const worker = createErasures(server.ctx)
    const id = await connect(scene)
    await remove(scene, id)
    clock.forward(7 * DAY - SECOND)
    assert.equal(await worker.tick(), 0)
    assert.deepEqual(await kept(scene, id), { deleted: true, previous: undefined, erasedAt: null })
    clock.forward(SECOND)
    assert.equal(await worker.tick(), 1)
    const erasedAt = clock.now().toISOString()
    assert.deepEqual(await kept(scene, id), { deleted: false, previous: undefined, erasedAt })
    assert.equal(await worker.tick(), 0)
    assert.equal((await server.request('POST', `${PATH}/${id}/restore`)).status, 409)
    assert.deepEqual(await auditTrail(server, id), [
      ['connection.connected', ['nickname', 'username', 'password'], 1],
      ['connection.disconnected', [], 1],
      ['connection.erased', [], null],
    ])
  })

  test(`${database}: the credentials before the current ones are erased after 30 days, and those stay in force`, async (t) => {
    const scene = await openScene(t, database)
    const { server, clock } = scene
    const worker = createErasures(server.ctx)
    const id = await connect(scene)
    assert.equal((await server.request('PUT', `${PATH}/${id}`, { body: body() })).status, 200)
    clock.forward(30 * DAY - SECOND)
    assert.equal(await worker.tick(), 0)
    assert.equal((await kept(scene, id)).previous, 1)
    clock.forward(SECOND)
    assert.equal(await worker.tick(), 1)
    assert.equal((await kept(scene, id)).previous, undefined)
    assert.equal((await server.request('POST', `${PATH}/${id}/rollback`)).status, 409)
    assert.equal((await server.request('GET', `${PATH}/${id}`)).json.credentials_version, 2)
    assert.deepEqual((await auditTrail(server, id)).at(-1), ['connection.previous_erased', [], 1])
  })

  test(`${database}: a restore that comes first wins, and a later delete has its own time`, async (t) => {
    const scene = await openScene(t, database)
    const { server, clock } = scene
    const id = await connect(scene)
    await remove(scene, id)
    clock.forward(6 * DAY)
    // After the worker has looked and before it erases, the row that it saw is gone and another row stands in its place.
    const late: Context = {
      ...server.ctx,
      store: afterLooking(server.ctx.store, async () => {
        clock.forward(-1.5 * DAY)
        assert.equal((await server.request('POST', `${PATH}/${id}/restore`)).status, 200)
        clock.forward(SECOND)
        await remove(scene, id)
        clock.forward(1.5 * DAY)
      }),
    }
    clock.forward(1.1 * DAY)
    assert.equal(await createErasures(late).tick(), 0)
    assert.equal((await kept(scene, id)).deleted, true)
    assert.equal(await createErasures(server.ctx).tick(), 0)
    clock.forward(7 * DAY)
    assert.equal(await createErasures(server.ctx).tick(), 1)
    assert.deepEqual(await actions(scene, id), [
      'connection.connected',
      'connection.disconnected',
      'connection.restored',
      'connection.disconnected',
      'connection.erased',
    ])
  })

  test(`${database}: a clock that goes back erases nothing early`, async (t) => {
    const scene = await openScene(t, database)
    const { server, clock } = scene
    const id = await connect(scene)
    await remove(scene, id)
    clock.forward(8 * DAY)
    const back = afterLooking(server.ctx.store, async () => clock.forward(-4 * DAY))
    assert.equal(await createErasures({ ...server.ctx, store: back }).tick(), 0)
    assert.equal((await kept(scene, id)).deleted, true)
    assert.equal((await server.request('POST', `${PATH}/${id}/restore`)).status, 200)
  })

  test(`${database}: what a disabled account has deleted is erased all the same`, async (t) => {
    const scene = await openScene(t, database)
    const { server, clock } = scene
    const tenantId = await server.newTenant('to be disabled')
    const key = await server.newKey({ tenantId })
    const id = await connect(scene, key)
    await remove(scene, id, key)
    await server.ctx.store.transaction(tenantId, (tx) =>
      changeTenant(tx, tenantId, { active: 0, modified_at: '' }),
    )
    assert.equal((await server.request('GET', '/v1/carriers', { key })).status, 403)
    clock.forward(7 * DAY)
    assert.equal(await createErasures(server.ctx).tick(), 1)
    assert.equal((await kept(scene, id, tenantId)).deleted, false)
  })

  test(`${database}: three workers at once erase each thing once, however many there are`, async (t) => {
    const scene = await openScene(t, database)
    const { server, clock } = scene
    const ids: string[] = []
    for (let count = 0; count < 60; count += 1) ids.push(await connect(scene))
    for (const id of ids) await remove(scene, id)
    clock.forward(7 * DAY)
    const workers = [server.ctx, await another(t, scene), await another(t, scene)].map((ctx) =>
      createErasures(ctx),
    )
    const erased = await Promise.all(workers.map((worker) => worker.tick()))
    assert.equal(
      erased.reduce((sum, one) => sum + one),
      ids.length,
    )
    const { json } = await server.request('GET', '/v1/audit?action=connection.erased&page_size=500')
    assert.deepEqual(
      json.events.map(({ carrier_id }: { carrier_id: string }) => carrier_id).sort(),
      [...ids].sort(),
    )
  })

  test(`${database}: one that cannot be erased holds up no other, and is tried again`, async (t) => {
    const scene = await openScene(t, database)
    const { server, clock } = scene
    const tenantId = await server.newTenant('in trouble')
    const key = await server.newKey({ tenantId })
    const [stuck, free] = [await connect(scene, key), await connect(scene)]
    await remove(scene, stuck, key)
    await remove(scene, free)
    clock.forward(7 * DAY)
    const troubled: Store = {
      ...server.ctx.store,
      transaction: (owner, work) =>
        owner === tenantId ? Promise.reject(new Error('trouble')) : server.ctx.store.transaction(owner, work),
    }
    assert.equal(await createErasures({ ...server.ctx, store: troubled }).tick(), 1)
    assert.equal((await kept(scene, free)).deleted, false)
    assert.equal((await kept(scene, stuck, tenantId)).deleted, true)
    assert.ok(server.logs.some((line) => line.includes('could not be erased') && line.includes(stuck)))
    assert.equal(await createErasures(server.ctx).tick(), 1)
  })

  test(`${database}: by itself it looks when it starts, and ends when it is stopped`, async (t) => {
    const scene = await openScene(t, database)
    const id = await connect(scene)
    await remove(scene, id)
    scene.clock.forward(7 * DAY)
    const worker = createErasures(scene.server.ctx)
    worker.start()
    for (let looks = 0; (await kept(scene, id)).deleted && looks < 200; looks += 1)
      await new Promise((resolve) => setTimeout(resolve, 10))
    assert.equal((await kept(scene, id)).deleted, false)
    const start = Date.now()
    await worker.stop(5_000)
    assert.ok(Date.now() - start < 2_000)
  })
}

/** Makes a store that calls `happen` once, after the first read across tenants. */
function afterLooking(store: Store, happen: () => Promise<void>): Store {
  let isOver = false
  return {
    ...store,
    cross: async (crossing, work) => {
      const found = await store.cross(crossing, work)
      if (!isOver) {
        isOver = true
        await happen()
      }
      return found
    },
  }
}

/** Makes a further process on the database; on SQLite it shares the store, since two writers of one file in one thread would wait for each other. */
async function another(t: TestContext, { server, clock }: Scene): Promise<Context> {
  if (server.database === 'sqlite') return { ...server.ctx }
  const ctx = await openContext(parseConfig(server.env).config, server.ctx.log, { clock: clock.now })
  t.after(() => ctx.store.close())
  return ctx
}
