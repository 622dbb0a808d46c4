import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Carrier } from '../../catalog/define.ts'
import type { VerificationOutcome } from '../../catalog/verification.ts'
import type { ConnectionState } from '../../store/schema/tables.ts'
import { checkedAgain, checkedNow } from './next-check.ts'
import type { VerificationResult } from '../carrier/verification-result.ts'

const NOW = new Date('2026-03-01T12:00:00.000Z')
const MINUTE = 60_000
const DAY = 1_440
const ctx = { clock: () => NOW }
const ago = (minutes: number) => new Date(NOW.getTime() - minutes * MINUTE).toISOString()
const resultOf = (outcome: VerificationOutcome, wait: { retryAfter?: number } = {}): VerificationResult => ({
  asked: true,
  at: NOW,
  outcome,
  because: 'A test says so.',
  ...wait,
})
const NOT_ASKED: VerificationResult = { asked: false, outcome: 'unasked', because: 'A test says so.' }
const known = (state: ConnectionState, failed = 0, degradedAt: string | null = null) => ({
  state,
  state_since: ago(10_000),
  diagnosis: null,
  failed_checks: failed,
  degraded_at: degradedAt,
  trouble_told: 0 as const,
})

function assertAbout(at: string | null, minutes: number | null, what: string): void {
  if (minutes === null) return assert.equal(at, null, what)
  const away = (Date.parse(at ?? '') - NOW.getTime()) / MINUTE
  assert.ok(away >= minutes * 0.9 && away <= minutes * 1.1, `${what}: in ${away} minutes, not ${minutes}`)
}

type Row = [
  state: ConnectionState,
  failed: number,
  outcome: VerificationOutcome,
  next: ConnectionState,
  nextFailed: number,
  minutes: number | null,
]

const every = ['verified', 'unverified', 'degraded', 'needs_reauth', 'action_required'] as const
const rows: Row[] = [
  ...every.flatMap((state): Row[] => [
    [state, 0, 'verified', 'verified', 0, DAY],
    [state, 9, 'verified', 'verified', 0, DAY],
    [state, 0, 'invalid_credentials', 'needs_reauth', 0, null],
    [state, 9, 'invalid_credentials', 'needs_reauth', 0, null],
    [state, 2, 'not_entitled', 'action_required', 0, DAY],
    [state, 2, 'platform_misconfigured', 'action_required', 0, DAY],
  ]),
  ...(['unavailable', 'rate_limited'] as const).flatMap((outcome): Row[] => [
    ['verified', 0, outcome, 'verified', 1, 5],
    ['verified', 1, outcome, 'verified', 2, 10],
    ['verified', 2, outcome, 'degraded', 3, 20],
    ['verified', 7, outcome, 'degraded', 8, 360],
    ['degraded', 3, outcome, 'degraded', 4, 40],
    ['degraded', 6, outcome, 'degraded', 7, 320],
    ['degraded', 7, outcome, 'degraded', 8, 360],
    ['degraded', 5_000, outcome, 'degraded', 5_001, 360],
    ['unverified', 2, outcome, 'unverified', 3, 20],
    ['action_required', 8, outcome, 'action_required', 9, 360],
    ['needs_reauth', 8, outcome, 'needs_reauth', 9, null],
  ]),
  ['verified', 2, 'inconclusive', 'verified', 0, DAY],
  ['unverified', 2, 'inconclusive', 'unverified', 0, DAY],
  ['degraded', 5, 'inconclusive', 'degraded', 0, 360],
  ['action_required', 5, 'inconclusive', 'action_required', 0, DAY],
  ['needs_reauth', 5, 'inconclusive', 'needs_reauth', 0, null],
]

test('a check: state, outcome and failures in a row decide the next state and the next check', () => {
  for (const [state, failed, outcome, next, nextFailed, minutes] of rows)
    for (let turn = 0; turn < 20; turn += 1) {
      const what = `${state} ${failed} ${outcome}`
      const { columns, nextCheckAt } = checkedAgain(ctx, resultOf(outcome), known(state, failed))
      assert.deepEqual([columns.state, columns.failed_checks], [next, nextFailed], what)
      assert.equal(columns.state_since, next === state ? ago(10_000) : NOW.toISOString(), what)
      assert.equal(columns.diagnosis, outcome === 'verified' ? null : outcome, what)
      assertAbout(nextCheckAt, minutes, what)
    }
})

test('whatever the failures: nothing but a refusal ends in needs_reauth', () => {
  for (const state of every)
    for (const outcome of ['unavailable', 'rate_limited', 'inconclusive', 'verified'] as const)
      for (let failed = 0; failed < 20; failed += 1) {
        const { columns } = checkedAgain(ctx, resultOf(outcome), known(state, failed))
        assert.ok(columns.state !== 'needs_reauth' || state === 'needs_reauth')
      }
})

test('a connection is degraded at most once an hour', () => {
  const after = (minutes: number) =>
    checkedAgain(ctx, resultOf('unavailable'), known('verified', 5, ago(minutes))).columns
  assert.equal(after(59).state, 'verified')
  assert.equal(after(59).degraded_at, ago(59))
  assert.equal(after(60).state, 'degraded')
  assert.equal(after(60).degraded_at, NOW.toISOString())
  const stays = checkedAgain(ctx, resultOf('unavailable'), known('degraded', 5, ago(59))).columns
  assert.deepEqual([stays.state, stays.degraded_at], ['degraded', ago(59)])
})

test('a carrier that says how long to wait is not asked sooner', () => {
  for (let turn = 0; turn < 200; turn += 1) {
    const { nextCheckAt } = checkedAgain(
      ctx,
      resultOf('rate_limited', { retryAfter: 7_200 }),
      known('verified', 0),
    )
    const minutes = (Date.parse(nextCheckAt ?? '') - NOW.getTime()) / MINUTE
    assert.ok(minutes >= 120 && minutes <= 132, `${minutes}`)
    assertAbout(
      checkedAgain(ctx, resultOf('rate_limited', { retryAfter: 1 }), known('verified', 0)).nextCheckAt,
      5,
      'short',
    )
  }
})

test('credentials that are being stored are checked again, unless their carrier can never be asked', () => {
  const asks = { verify: {} } as Carrier
  const firsts: [VerificationResult, ConnectionState, number, number][] = [
    [resultOf('verified'), 'verified', 0, DAY],
    [resultOf('unavailable'), 'unverified', 1, 5],
    [resultOf('rate_limited', { retryAfter: 3_600 }), 'unverified', 1, 63],
    [resultOf('platform_misconfigured'), 'unverified', 1, 5],
    [resultOf('inconclusive'), 'unverified', 0, DAY],
    [NOT_ASKED, 'unverified', 0, DAY],
  ]
  for (const [verification, state, failed, minutes] of firsts) {
    const { columns, nextCheckAt } = checkedNow(ctx, asks, verification, undefined)
    assert.deepEqual([columns.state, columns.failed_checks], [state, failed], verification.outcome)
    assertAbout(nextCheckAt, minutes, verification.outcome)
    assert.equal(checkedNow(ctx, {} as Carrier, verification, undefined).nextCheckAt, null)
  }
})
