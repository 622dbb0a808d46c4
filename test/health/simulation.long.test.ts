import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MOST_A_MINUTE } from '../../src/health/checks.ts'
import { databases } from '../support/database/databases.ts'
import {
  busiestMinute,
  BEHAVIOURS,
  faultsOf,
  behaviourNames,
  type Behaviour,
} from '../support/checks/carrier-behaviours.ts'
import {
  connectChecked,
  openScheduledChecks,
  type CheckedConnection,
} from '../support/checks/scheduled-checks.ts'
import type { ScriptedOutcome } from '../support/checks/scripted-carriers.ts'
import { createWebhook } from '../support/webhooks/create-webhook.ts'
import { DAY } from '../support/clock.ts'
import { outbox } from '../support/webhooks/outbox.ts'

// These tests run the behaviours of `year.long.test.ts` through scheduler, database, audit and outbox: thirty connections over sixty days, and fewer on PostgreSQL.

/** The sample is so long that everything that happens once has happened; it is smaller on PostgreSQL, where each check takes longer. */
const SAMPLE = { sqlite: { size: 30, days: 60 }, postgres: { size: behaviourNames.length, days: 35 } }

for (const database of databases) {
  const { size, days } = SAMPLE[database]
  test(`${database}: ${size} connections over ${days} days, through scheduler and database`, async (t) => {
    const scene = await openScheduledChecks(t, database, { rehearse: false })
    const { server, clock, carriers, worker } = scene
    for (const event of ['connection.degraded', 'connection.recovered', 'connection.needs_reauth'])
      await createWebhook(server, { event, url: 'https://hooks.example/' })
    const watched: (CheckedConnection & { fate: Behaviour })[] = []
    for (let index = 0; index < size; index += 1) {
      const fate = behaviourNames[index % behaviourNames.length] as Behaviour
      const one = await connectChecked(server)
      const start = clock.now().getTime()
      carriers.say(one.account, (at): ScriptedOutcome => BEHAVIOURS[fate](at.getTime() - start))
      watched.push({ ...one, fate })
    }
    const began = clock.now().getTime()
    let checks = 0
    for (;;) {
      for (let begun = await worker.tick(); begun > 0; begun = await worker.tick()) checks += begun
      const next = await server.ctx.store.cross({ path: 'check' }, (db) =>
        db
          .selectFrom('scheduled_check')
          .select((eb) => eb.fn.min('due_at').as('due_at'))
          .executeTakeFirst(),
      )
      const due = Date.parse(next?.due_at ?? '')
      if (!(due < began + days * DAY)) break
      clock.forward(Math.max(1, due - clock.now().getTime()))
    }
    const messages = await outbox(server)
    const audit = await server.ctx.store.read(server.tenantId, (db) =>
      db.selectFrom('audit_event').selectAll().where('action', '=', 'connection.checked').execute(),
    )
    const faults: string[] = []
    for (const { id, account, fate } of watched) {
      const events = messages
        .filter(({ payload }) => JSON.parse(payload).data.carrier_id === id)
        .map(({ type }) => type.replace('connection.', ''))
      const { state } = await server.ctx.store.read(server.tenantId, (db) =>
        db.selectFrom('connection').select('state').where('carrier_id', '=', id).executeTakeFirstOrThrow(),
      )
      const life = { state, events, asked: carriers.of(account).map(({ at }) => at) }
      faults.push(...faultsOf(fate, life, days).map((fault) => `${fate} ${fault}`))
      assert.equal(audit.filter((event) => event.carrier_id === id).length, events.length, fate)
    }
    assert.deepEqual(faults, [])
    assert.ok(checks > watched.length * 20)
    assert.equal(carriers.asked.length, watched.length + checks, 'one call for each check')
    assert.ok(busiestMinute(carriers.asked.map(({ at }) => at)) <= MOST_A_MINUTE + watched.length)
  })
}
