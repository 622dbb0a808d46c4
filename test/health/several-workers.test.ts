import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { parseConfig } from '../../src/config.ts'
import type { Context } from '../../src/context.ts'
import { openContext } from '../../src/open-installation.ts'
import { CLAIM_MS, createChecks, SLOTS_A_CARRIER } from '../../src/health/checks.ts'
import type { Store } from '../../src/store/db.ts'
import { databases, type DatabaseName } from '../support/database/databases.ts'
import {
  connectChecked,
  openScheduledChecks,
  nextCheckAt,
  stateOf,
  waitUntil,
  type ScheduledChecks,
} from '../support/checks/scheduled-checks.ts'
import type { ScriptedOutcome } from '../support/checks/scripted-carriers.ts'
import { storedConnection } from '../support/connections/stored-connection.ts'
import { auditTrail } from '../support/audit/audit-events.ts'
import { DAY, SECOND } from '../support/clock.ts'

/**
 * Makes a further process on the database of a scene. On PostgreSQL the process has its own connections; two writers of one
 * SQLite file in one thread would wait for each other, so that the process shares the store there.
 */
async function another(t: TestContext, { server, clock }: ScheduledChecks): Promise<Context> {
  if (server.database === 'sqlite') return { ...server.ctx }
  const { outbound, log } = server.ctx
  const ctx = await openContext(parseConfig(server.env).config, log, { clock: clock.now, outbound })
  t.after(() => ctx.store.close())
  return ctx
}

/** Makes a store in which no claim is ever seen, as the control of the tests of claims. */
const unclaimed = (store: Store): Store => ({
  ...store,
  transaction: (tenantId, work) =>
    store.transaction(tenantId, async (tx) => {
      const done = await work(tx)
      await tx.updateTable('scheduled_check').set({ claimed_until: null }).execute()
      return done
    }),
})

async function overlapsOf(t: TestContext, database: DatabaseName, spoil = (store: Store) => store) {
  const scene = await openScheduledChecks(t, database, { rehearse: false })
  const { server, clock, carriers } = scene
  const seen = { overlaps: 0, checks: 0, most: 0 }
  const underWay = new Set<string>()
  const accounts: string[] = []
  for (let count = 0; count < 12; count += 1) accounts.push((await connectChecked(server)).account)
  for (const account of accounts)
    carriers.say(account, async (): Promise<ScriptedOutcome> => {
      if (underWay.has(account)) seen.overlaps += 1
      underWay.add(account)
      seen.most = Math.max(seen.most, underWay.size)
      seen.checks += 1
      await pause(Math.random() * 20)
      underWay.delete(account)
      return 'verified'
    })
  clock.forward(1.2 * DAY)
  const workers = []
  for (let count = 0; count < 3; count += 1) {
    const ctx = await another(t, scene)
    workers.push(createChecks({ ...ctx, store: spoil(ctx.store) }))
  }
  for (let idle = 0, looks = 0; idle < 2 && looks < 40; looks += 1)
    idle = (await Promise.all(workers.map((worker) => worker.tick()))).some((begun) => begun > 0)
      ? 0
      : idle + 1
  return seen
}

for (const database of databases) {
  test(`${database}: three workers are never at one connection together, and leave none out`, async (t) => {
    const { overlaps, checks, most } = await overlapsOf(t, database)
    assert.deepEqual({ overlaps, checks }, { overlaps: 0, checks: 12 })
    assert.ok(most <= 3 * SLOTS_A_CARRIER, `${most} at once`)
  })

  test(`${database}: the control: without claims they are`, async (t) => {
    const { overlaps, checks } = await overlapsOf(t, database, unclaimed)
    assert.ok(overlaps > 0 || checks > 12, `${overlaps} overlaps, ${checks} checks`)
  })

  test(`${database}: the check of a worker that dies is taken over after its claim, and what it learns too late is not kept`, async (t) => {
    const scene = await openScheduledChecks(t, database)
    const { server, clock, carriers } = scene
    const watched = await connectChecked(server)
    const first = createChecks(await another(t, scene))
    const second = createChecks(await another(t, scene))
    let answer = () => {}
    carriers.say(watched.account, () => {
      carriers.say(watched.account, 'verified')
      return new Promise((resolve) => {
        answer = () => resolve('invalid_credentials')
      })
    })
    clock.forward(1.2 * DAY)
    const lost = first.tick()
    await waitUntil(() => carriers.of(watched.account).length === 2)
    clock.forward(CLAIM_MS - SECOND)
    assert.equal(await second.tick(), 0, 'it is the first one’s still')
    clock.forward(SECOND)
    assert.equal(await second.tick(), 1)
    const [after, next] = [
      (await storedConnection(server, watched.id)).row,
      await nextCheckAt(server, watched.id),
    ]
    assert.equal(after.checked_at, clock.now().toISOString())
    answer()
    await lost
    assert.deepEqual((await storedConnection(server, watched.id)).row, after, 'who comes late writes nothing')
    assert.equal(await nextCheckAt(server, watched.id), next)
    assert.equal((await auditTrail(server, watched.id)).length, 1)
  })

  test(`${database}: the claim of a dead worker whose clock ran ahead holds no check up once the clock is right`, async (t) => {
    const scene = await openScheduledChecks(t, database)
    const { server, clock, carriers } = scene
    const watched = await connectChecked(server)
    const first = createChecks(await another(t, scene))
    const second = createChecks(await another(t, scene))
    let answer = () => {}
    carriers.say(watched.account, () => {
      carriers.say(watched.account, 'verified')
      return new Promise((resolve) => {
        answer = () => resolve('invalid_credentials')
      })
    })
    clock.forward(3 * DAY)
    const lost = first.tick()
    await waitUntil(() => carriers.of(watched.account).length === 2)
    clock.forward(-1.8 * DAY)
    assert.equal(await second.tick(), 1)
    answer()
    await lost
  })

  test(`${database}: a worker that stops begins nothing more, and lets checks under way end`, async (t) => {
    const scene = await openScheduledChecks(t, database)
    const { server, clock, carriers, worker } = scene
    const watched = []
    for (let count = 0; count < SLOTS_A_CARRIER + 1; count += 1) watched.push(await connectChecked(server))
    for (const { account } of watched)
      carriers.say(account, async (): Promise<ScriptedOutcome> => {
        await pause(100)
        return 'invalid_credentials'
      })
    clock.forward(1.2 * DAY)
    worker.start()
    await waitUntil(() => carriers.asked.length === 2 * SLOTS_A_CARRIER + 1)
    await worker.stop(5_000)
    const states = await Promise.all(watched.map((one) => stateOf(server, one)))
    assert.deepEqual(states.sort(), ['needs_reauth', 'needs_reauth', 'verified'])
    assert.equal(await worker.tick(), 0)
  })

  test(`${database}: an impatient stop keeps nothing of what was under way, and others check it again`, async (t) => {
    const scene = await openScheduledChecks(t, database)
    const { server, clock, carriers, worker } = scene
    const watched = await connectChecked(server)
    let fail = () => {}
    carriers.say(watched.account, () => {
      carriers.say(watched.account, 'verified')
      return new Promise((_, reject) => {
        fail = () => reject(new Error('The way out is closed.'))
      })
    })
    clock.forward(1.2 * DAY)
    worker.start()
    await waitUntil(() => carriers.of(watched.account).length === 2)
    await worker.stop(20)
    fail()
    await pause(50)
    assert.equal((await storedConnection(server, watched.id)).row.failed_checks, 0)
    clock.forward(CLAIM_MS)
    assert.equal(await createChecks(await another(t, scene)).tick(), 1)
  })

  test(`${database}: a database that is away for a while does not end the worker`, async (t) => {
    const scene = await openScheduledChecks(t, database)
    const { server, clock, carriers } = scene
    await connectChecked(server)
    clock.forward(1.2 * DAY)
    const { store } = server.ctx
    let away = true
    const ctx: Context = {
      ...server.ctx,
      store: {
        ...store,
        cross: (crossing, work) => {
          if (away) throw new Error('away')
          return store.cross(crossing, work)
        },
      },
    }
    await assert.rejects(createChecks(ctx).tick(), /away/)
    const worker = createChecks(ctx, { random: () => -0.5 })
    worker.start()
    await pause(20)
    away = false
    await waitUntil(() => carriers.asked.length === 2)
    await worker.stop(1_000)
  })
}
