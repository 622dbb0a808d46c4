import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createChecks, MOST_A_MINUTE, SLOTS, SLOTS_A_CARRIER } from '../../src/health/checks.ts'
import type { Store } from '../../src/store/db.ts'
import { databases } from '../support/database/databases.ts'
import type { TestServer } from '../support/server/test-server.ts'
import { connectChecked, openScheduledChecks, waitUntil } from '../support/checks/scheduled-checks.ts'
import { DAY, SECOND } from '../support/clock.ts'

/** Returns the largest number of times that lie in one minute. */
function busiest(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b)
  return Math.max(...sorted.map((at) => sorted.filter((one) => one >= at && one < at + 60 * SECOND).length))
}

/** Stores `count` copies of a connection, whose checks are all due. */
async function multiply(server: TestServer, id: string, count: number): Promise<void> {
  await server.ctx.store.transaction(server.tenantId, async (tx) => {
    const row = await tx
      .selectFrom('connection')
      .selectAll()
      .where('carrier_id', '=', id)
      .executeTakeFirstOrThrow()
    for (let copy = 0; copy < count; copy += 1) {
      const carrier_id = `se-copy-${copy}`
      await tx
        .insertInto('connection')
        .values({ ...row, carrier_id, is_primary: 0, created_seq: 1_000 + copy })
        .execute()
      const { tenant_id, environment, carrier } = row
      const due = { tenant_id, environment, carrier, carrier_id, due_at: row.created_at, fence: 0 }
      await tx.insertInto('scheduled_check').values(due).execute()
    }
  })
}

/** Returns the times at which two workers that look every second for three minutes began the checks of many connections of one carrier. */
async function begunBy(server: TestServer, forward: (ms: number) => void, now: () => Date, store: Store) {
  const times: number[] = []
  const workers = [1, 2].map(() => createChecks({ ...server.ctx, store }))
  for (let second = 0; second < 180; second += 1) {
    for (const worker of workers)
      for (let begun = await worker.tick(); begun > 0; begun = await worker.tick())
        times.push(...Array<number>(begun).fill(now().getTime()))
    forward(SECOND)
  }
  return times
}

for (const database of databases) {
  test(`${database}: a carrier is asked ${MOST_A_MINUTE} times a minute at most, by all workers together`, async (t) => {
    const { server, clock } = await openScheduledChecks(t, database, { rehearse: false })
    const { id } = await connectChecked(server)
    await multiply(server, id, 3 * MOST_A_MINUTE)
    // The sealed credentials of a copied connection do not open, so its next check is planned for tomorrow; this uses the budget as an answer would.
    const times = await begunBy(server, clock.forward, clock.now, server.ctx.store)
    assert.equal(busiest(times), MOST_A_MINUTE)
    assert.ok(times.length >= 3 * MOST_A_MINUTE - 1, `${times.length} checks in three minutes`)
  })

  test(`${database}: a budget that was spent by a clock that was wrong is there again once it is right`, async (t) => {
    const { server, clock, worker } = await openScheduledChecks(t, database, { rehearse: false })
    const { id } = await connectChecked(server)
    await multiply(server, id, 2 * MOST_A_MINUTE)
    const beginAll = async () => {
      let all = 0
      for (let begun = await worker.tick(); begun > 0; begun = await worker.tick()) all += begun
      return all
    }
    clock.forward(30 * DAY)
    assert.equal(await beginAll(), MOST_A_MINUTE)
    clock.forward(-30 * DAY)
    assert.ok((await beginAll()) >= MOST_A_MINUTE - 1)
  })

  test(`${database}: the control: where nobody counts, it is asked more often`, async (t) => {
    const { server, clock } = await openScheduledChecks(t, database, { rehearse: false })
    const { id } = await connectChecked(server)
    await multiply(server, id, 2 * MOST_A_MINUTE)
    const { store } = server.ctx
    const forgetful: Store = {
      ...store,
      transaction: (tenantId, work) =>
        store.transaction(tenantId, async (tx) => {
          const done = await work(tx)
          await tx.deleteFrom('check_turn').execute()
          return done
        }),
    }
    assert.ok(busiest(await begunBy(server, clock.forward, clock.now, forgetful)) > MOST_A_MINUTE)
  })

  test(`${database}: a carrier that hangs holds ${SLOTS_A_CARRIER} checks and no more, and the others are asked`, async (t) => {
    const { server, clock, carriers, worker } = await openScheduledChecks(t, database)
    const release: (() => void)[] = []
    const hanging = []
    for (let count = 0; count < SLOTS; count += 1) hanging.push(await connectChecked(server))
    for (const { account } of hanging)
      carriers.say(account, () => new Promise((resolve) => release.push(() => resolve('unavailable'))))
    const other = await connectChecked(server, 'dhl_express')
    clock.forward(1.2 * DAY)
    const asked = carriers.asked.length
    worker.start()
    await waitUntil(() => carriers.of(other.account).length === 2 && release.length === SLOTS_A_CARRIER)
    assert.equal(carriers.asked.length - asked, SLOTS_A_CARRIER + 1)
    const stopped = worker.stop(5_000)
    for (const one of release) one()
    await stopped
  })
}
