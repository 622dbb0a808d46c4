import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Carrier } from '../../src/catalog/define.ts'
import { checkedAgain, checkedNow } from '../../src/connections/verification/next-check.ts'
import type { VerificationResult } from '../../src/connections/carrier/verification-result.ts'
import { findTransition } from '../../src/connections/verification/announce-state.ts'
import { MOST_A_MINUTE } from '../../src/health/checks.ts'
import {
  busiestMinute,
  BEHAVIOURS,
  faultsOf,
  behaviourNames,
  type Behaviour,
  type ObservedCourse,
} from '../support/checks/carrier-behaviours.ts'
import { DAY, MINUTE } from '../support/clock.ts'

// A virtual clock drives scheduled checks. A year of 1,000 connections takes about 400,000 checks, which no test has the
// time to do against a database: here the planner alone decides, as it does in the server. Thirty connections over sixty
// days go through scheduler, database, audit and outbox in `simulation.long.test.ts`, with the same behaviours.

type Planner = typeof checkedAgain

/** Simulates one connection over `days` days, and returns when it was asked, and its events. */
function live(fate: Behaviour, days: number, start: number, planner: Planner = checkedAgain): ObservedCourse {
  let now = start
  const ctx = { clock: () => new Date(now) }
  const ask = (): VerificationResult => ({
    ...{ asked: true, at: new Date(now), outcome: BEHAVIOURS[fate](now - start), because: 'It is its fate.' },
  })
  const first = checkedNow(ctx, { verify: {} } as Carrier, ask(), undefined)
  let known = { ...first.columns, degraded_at: null as string | null }
  let next = first.nextCheckAt
  const life: ObservedCourse = { state: known.state, events: [], asked: [now] }
  while (next !== null && Date.parse(next) < start + days * DAY) {
    now = Date.parse(next)
    const checked = planner(ctx, ask(), known)
    const { message } = findTransition(known, checked.columns)
    if (message) life.events.push(message.replace('connection.', ''))
    life.asked.push(now)
    known = checked.columns
    next = checked.nextCheckAt
  }
  return { ...life, state: known.state }
}

const START = Date.parse('2026-01-01T00:00:00.000Z')

describe('a year of 1,000 connections', () => {
  const lifeOfAll = ({ planner, count = 1_000 }: { planner?: Planner; count?: number } = {}) =>
    Array.from({ length: count }, (_, index) => {
      const fate = behaviourNames[index % behaviourNames.length] as Behaviour
      return { fate, ...live(fate, 365, START + ((index * 7) % 1_440) * MINUTE, planner) }
    })
  const faults = (lives: ReturnType<typeof lifeOfAll>) =>
    lives.flatMap((life) => faultsOf(life.fate, life, 365).map((fault) => `${life.fate} ${fault}`))

  test('states, events and the number of checks are what their behaviours say', () => {
    const lives = lifeOfAll()
    assert.deepEqual([...new Set(faults(lives))], [])
    const asked = lives.flatMap((life) => life.asked)
    assert.ok(
      busiestMinute(asked) <= MOST_A_MINUTE,
      'a thousand connections fit into the budget of one carrier',
    )
    const pairs = lives.filter(({ fate, events }) => fate === 'flapping' && events.length > 0)
    assert.ok(pairs.length > 100, 'flapping is seen')
  })

  test('the control: a planner that believes the first failure, or asks a refused account again, is found', () => {
    const hasty: Planner = (ctx, result, before) =>
      checkedAgain(ctx, result, { ...before, failed_checks: before.failed_checks + 2 })
    assert.ok(
      faults(lifeOfAll({ planner: hasty, count: 5 * behaviourNames.length })).some((fault) =>
        /^hiccups tells degraded/.test(fault),
      ),
    )
    const stubborn: Planner = (ctx, result, before) => {
      const checked = checkedAgain(ctx, result, before)
      return {
        ...checked,
        nextCheckAt: checked.nextCheckAt ?? new Date(ctx.clock().getTime() + DAY).toISOString(),
      }
    }
    assert.ok(
      faults(lifeOfAll({ planner: stubborn, count: 5 * behaviourNames.length })).some((fault) =>
        /^refused is asked/.test(fault),
      ),
    )
    const gullible: Planner = (ctx, result, before) =>
      checkedAgain(
        ctx,
        result.outcome === 'unavailable' ? { ...result, outcome: 'invalid_credentials' } : result,
        before,
      )
    assert.ok(
      faults(lifeOfAll({ planner: gullible, count: 5 * behaviourNames.length })).some((fault) =>
        /^long_outage ends as needs_reauth/.test(fault),
      ),
    )
  })
})
