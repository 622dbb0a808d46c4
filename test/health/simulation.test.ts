import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkedAgain, checkedNow } from '../../src/connections/check-times.ts'
import { messageFor, type Proof } from '../../src/connections/findings.ts'
import type { Carrier } from '../../src/catalog/define.ts'
import { MOST_A_MINUTE } from '../../src/health/checks.ts'
import { databases } from '../support/harness.ts'
import { connect, openScene, type Says, type Watched } from '../support/scheduled.ts'
import { EXPECTED, FATES, type Fate } from '../support/fates.ts'
import { createWebhook, DAY, MINUTE, outbox } from '../support/webhooks.ts'

// A virtual clock drives scheduled checks. A year of 1,000 connections takes some 400,000 of them, which no test has the
// time to do against a database: there the planner alone decides, as it does in the server. Thirty connections over
// sixty days (fewer on PostgreSQL) then go through scheduler, database, audit and outbox, with the same fates.

type Life = { state: string; events: string[]; asked: number[] }
type Planner = typeof checkedAgain

/** One connection over so many days: when it was asked, and what it told. */
function live(fate: Fate, days: number, start: number, planner: Planner = checkedAgain): Life {
  let now = start
  const ctx = { clock: () => new Date(now) }
  const ask = (): Proof => ({
    ...{ asked: true, outcome: FATES[fate](now - start), because: 'It is its fate.' },
  })
  const first = checkedNow(ctx, { verify: {} } as Carrier, ask(), undefined)
  let known = { ...first.columns, degraded_at: null as string | null }
  let next = first.nextCheckAt
  const life: Life = { state: known.state, events: [], asked: [now] }
  while (next !== null && Date.parse(next) < start + days * DAY) {
    now = Date.parse(next)
    const checked = planner(ctx, ask(), known)
    const message = messageFor(known.state, checked.columns.state)
    if (message) life.events.push(message.replace('connection.', ''))
    life.asked.push(now)
    known = checked.columns
    next = checked.nextCheckAt
  }
  return { ...life, state: known.state }
}

/** What is wrong with a life, in words; nothing for one that went as it should. */
function faultsOf(fate: Fate, { state, events, asked }: Life, days: number): string[] {
  const expected = EXPECTED[fate]
  const faults: string[] = []
  if (!expected.ends.includes(state)) faults.push(`ends as ${state}`)
  // Where the events depend on when the checks fall, they come in turns all the same.
  const wanted = expected.events ?? events.map((_, index) => (index % 2 === 0 ? 'degraded' : 'recovered'))
  if (events.join() !== wanted.join()) faults.push(`tells ${events.join(', ')}`)
  if (asked.length > expected.most(days)) faults.push(`is asked ${asked.length} times`)
  if (asked.length < expected.least(days)) faults.push(`is asked only ${asked.length} times`)
  return faults
}

/** The most of these times that lie in one minute. */
function busiest(times: readonly number[]): number {
  const minutes = new Map<number, number>()
  for (const at of times) {
    const minute = Math.floor(at / MINUTE)
    minutes.set(minute, (minutes.get(minute) ?? 0) + 1)
  }
  return [...minutes.values()].reduce((most, count) => Math.max(most, count), 0)
}

const names = Object.keys(FATES) as Fate[]
const START = Date.parse('2026-01-01T00:00:00.000Z')

describe('a year of 1,000 connections', () => {
  const lifeOfAll = (planner?: Planner, count = 1_000) =>
    Array.from({ length: count }, (_, index) => {
      const fate = names[index % names.length] as Fate
      return { fate, ...live(fate, 365, START + ((index * 7) % 1_440) * MINUTE, planner) }
    })
  const faults = (lives: ReturnType<typeof lifeOfAll>) =>
    lives.flatMap((life) => faultsOf(life.fate, life, 365).map((fault) => `${life.fate} ${fault}`))

  test('states, events and the number of probes are what their fates say', () => {
    const lives = lifeOfAll()
    assert.deepEqual([...new Set(faults(lives))], [])
    const asked = lives.flatMap((life) => life.asked)
    assert.ok(busiest(asked) <= MOST_A_MINUTE, 'a thousand connections fit into the budget of one carrier')
    const pairs = lives.filter(({ fate, events }) => fate === 'flapping' && events.length > 0)
    assert.ok(pairs.length > 100, 'flapping is seen')
  })

  test('the control: a planner that believes the first failure, or asks a refused account again, is found', () => {
    const hasty: Planner = (ctx, proof, before) =>
      checkedAgain(ctx, proof, { ...before, failed_checks: before.failed_checks + 2 })
    assert.ok(
      faults(lifeOfAll(hasty, 5 * names.length)).some((fault) => /^hiccups tells degraded/.test(fault)),
    )
    const stubborn: Planner = (ctx, proof, before) => {
      const checked = checkedAgain(ctx, proof, before)
      return {
        ...checked,
        nextCheckAt: checked.nextCheckAt ?? new Date(ctx.clock().getTime() + DAY).toISOString(),
      }
    }
    assert.ok(faults(lifeOfAll(stubborn, 5 * names.length)).some((fault) => /^refused is asked/.test(fault)))
    const gullible: Planner = (ctx, proof, before) =>
      checkedAgain(
        ctx,
        proof.outcome === 'unavailable' ? { ...proof, outcome: 'invalid_credentials' } : proof,
        before,
      )
    assert.ok(
      faults(lifeOfAll(gullible, 5 * names.length)).some((fault) =>
        /^long_outage ends as needs_reauth/.test(fault),
      ),
    )
  })
})

/** So long that everything that happens once has happened; less on PostgreSQL, where each check takes its time. */
const SAMPLE = { sqlite: { size: 30, days: 60 }, postgres: { size: names.length, days: 35 } }

for (const database of databases) {
  const { size, days } = SAMPLE[database]
  test(`${database}: ${size} connections over ${days} days, through scheduler and database`, async (t) => {
    const scene = await openScene(t, database, { rehearse: false })
    const { house, clock, carriers, worker } = scene
    for (const event of ['connection.degraded', 'connection.recovered', 'connection.needs_reauth'])
      await createWebhook(house, { event, url: 'https://hooks.example/' })
    const watched: (Watched & { fate: Fate })[] = []
    for (let index = 0; index < size; index += 1) {
      const fate = names[index % names.length] as Fate
      const one = await connect(house)
      const start = clock.now().getTime()
      carriers.say(one.account, (at): Says => FATES[fate](at.getTime() - start))
      watched.push({ ...one, fate })
    }
    const began = clock.now().getTime()
    let checks = 0
    for (;;) {
      for (let begun = await worker.tick(); begun > 0; begun = await worker.tick()) checks += begun
      const next = await house.ctx.store.cross({ path: 'check' }, (db) =>
        db
          .selectFrom('scheduled_check')
          .select((eb) => eb.fn.min('due_at').as('due_at'))
          .executeTakeFirst(),
      )
      const due = Date.parse(next?.due_at ?? '')
      if (!(due < began + days * DAY)) break
      clock.forward(Math.max(1, due - clock.now().getTime()))
    }
    const messages = await outbox(house)
    const audit = await house.ctx.store.read(house.tenantId, (db) =>
      db.selectFrom('audit_event').selectAll().where('action', '=', 'connection.checked').execute(),
    )
    const faults: string[] = []
    for (const { id, account, fate } of watched) {
      const events = messages
        .filter(({ payload }) => JSON.parse(payload).data.carrier_id === id)
        .map(({ type }) => type.replace('connection.', ''))
      const { state } = await house.ctx.store.read(house.tenantId, (db) =>
        db.selectFrom('connection').select('state').where('carrier_id', '=', id).executeTakeFirstOrThrow(),
      )
      const life = { state, events, asked: carriers.of(account).map(({ at }) => at) }
      faults.push(...faultsOf(fate, life, days).map((fault) => `${fate} ${fault}`))
      assert.equal(audit.filter((event) => event.carrier_id === id).length, events.length, fate)
    }
    assert.deepEqual(faults, [])
    assert.ok(checks > watched.length * 20)
    assert.equal(carriers.asked.length, watched.length + checks, 'one call for each check')
    assert.ok(busiest(carriers.asked.map(({ at }) => at)) <= MOST_A_MINUTE + watched.length)
  })
}
