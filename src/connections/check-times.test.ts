import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Carrier } from '../catalog/define.ts'
import type { VerificationOutcome } from '../catalog/verification.ts'
import type { ConnectionState } from '../store/schema.ts'
import { checkedAgain, checkedNow } from './check-times.ts'
import { newsOf, type Proof } from './findings.ts'

const NOW = new Date('2026-03-01T12:00:00.000Z')
const MINUTE = 60_000
const DAY = 1_440
const ctx = { clock: () => NOW }
const ago = (minutes: number) => new Date(NOW.getTime() - minutes * MINUTE).toISOString()
const proofOf = (outcome: VerificationOutcome, retryAfter?: number): Proof => ({
  ...{ asked: true, at: NOW, outcome, because: 'A test says so.' },
  ...(retryAfter === undefined ? {} : { retryAfter }),
})
const UNASKED: Proof = { asked: false, outcome: 'unasked', because: 'A test says so.' }
const known = (state: ConnectionState, failed = 0, degradedAt: string | null = null) => ({
  ...{ state, state_since: ago(10_000), diagnosis: null, failed_checks: failed, degraded_at: degradedAt },
  told_state: null,
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
      const { columns, nextCheckAt } = checkedAgain(ctx, proofOf(outcome), known(state, failed))
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
        const { columns } = checkedAgain(ctx, proofOf(outcome), known(state, failed))
        assert.ok(columns.state !== 'needs_reauth' || state === 'needs_reauth')
      }
})

test('a connection is degraded at most once an hour', () => {
  const after = (minutes: number) =>
    checkedAgain(ctx, proofOf('unavailable'), known('verified', 5, ago(minutes))).columns
  assert.equal(after(59).state, 'verified')
  assert.equal(after(59).degraded_at, ago(59))
  assert.equal(after(60).state, 'degraded')
  assert.equal(after(60).degraded_at, NOW.toISOString())
  const stays = checkedAgain(ctx, proofOf('unavailable'), known('degraded', 5, ago(59))).columns
  assert.deepEqual([stays.state, stays.degraded_at], ['degraded', ago(59)])
})

test('a carrier that says how long to wait is not asked sooner', () => {
  for (let turn = 0; turn < 200; turn += 1) {
    const { nextCheckAt } = checkedAgain(ctx, proofOf('rate_limited', 7_200), known('verified', 0))
    const minutes = (Date.parse(nextCheckAt ?? '') - NOW.getTime()) / MINUTE
    assert.ok(minutes >= 120 && minutes <= 132, `${minutes}`)
    assertAbout(checkedAgain(ctx, proofOf('rate_limited', 1), known('verified', 0)).nextCheckAt, 5, 'short')
  }
})

test('credentials that are being stored are checked again, unless their carrier can never be asked', () => {
  const asks = { verify: {} } as Carrier
  const firsts: [Proof, ConnectionState, number, number][] = [
    [proofOf('verified'), 'verified', 0, DAY],
    [proofOf('unavailable'), 'unverified', 1, 5],
    [proofOf('rate_limited', 3_600), 'unverified', 1, 63],
    [proofOf('platform_misconfigured'), 'unverified', 1, 5],
    [proofOf('inconclusive'), 'unverified', 0, DAY],
    [UNASKED, 'unverified', 0, DAY],
  ]
  for (const [proof, state, failed, minutes] of firsts) {
    const { columns, nextCheckAt } = checkedNow(ctx, asks, proof, undefined)
    assert.deepEqual([columns.state, columns.failed_checks], [state, failed], proof.outcome)
    assertAbout(nextCheckAt, minutes, proof.outcome)
    assert.equal(checkedNow(ctx, {} as Carrier, proof, undefined).nextCheckAt, null)
  }
})

const OUTCOME_OF: Record<ConnectionState, VerificationOutcome> = {
  ...({ verified: 'verified', unverified: 'inconclusive', degraded: 'unavailable' } as const),
  ...({ needs_reauth: 'invalid_credentials', action_required: 'not_entitled' } as const),
}
const typeOf = (state: ConnectionState, next: ConnectionState) =>
  newsOf({ state, told_state: null }, next, OUTCOME_OF[next]).news?.type

test('a message for each change that somebody would act on, and none without one', () => {
  for (const state of every) assert.equal(typeOf(state, state), undefined)
  assert.equal(typeOf('unverified', 'verified'), undefined)
  for (const before of ['degraded', 'needs_reauth', 'action_required'] as const)
    assert.equal(typeOf(before, 'verified'), 'connection.recovered')
  assert.equal(typeOf('verified', 'degraded'), 'connection.degraded')
  assert.equal(typeOf('verified', 'needs_reauth'), 'connection.needs_reauth')
  assert.equal(typeOf('verified', 'action_required'), 'connection.needs_reauth')
})

/** What webhooks are told of a connection that a carrier gives these answers about, one after the other. */
function toldOf(start: ConnectionState, outcomes: readonly VerificationOutcome[]): string[] {
  let columns = known(start)
  return outcomes.flatMap((outcome) => {
    const checked = checkedAgain(ctx, proofOf(outcome), columns)
    columns = checked.columns as typeof columns
    return checked.news ? [`${checked.news.type} after ${checked.news.before}`] : []
  })
}

test('what the operator alone can repair is not told, nor that it is over, but what else happens meanwhile is', () => {
  const OPERATOR = 'platform_misconfigured'
  for (const start of ['verified', 'unverified'] as const) {
    assert.deepEqual(toldOf(start, [OPERATOR, 'verified']), [])
    assert.deepEqual(toldOf(start, [OPERATOR, OPERATOR, 'unavailable', 'inconclusive', 'verified']), [])
    assert.deepEqual(toldOf(start, [OPERATOR, 'not_entitled', 'not_entitled', 'verified']), [
      `connection.needs_reauth after ${start}`,
      'connection.recovered after action_required',
    ])
    assert.deepEqual(toldOf(start, [OPERATOR, 'invalid_credentials', 'verified']), [
      `connection.needs_reauth after ${start}`,
      'connection.recovered after needs_reauth',
    ])
  }
  assert.deepEqual(toldOf('verified', ['not_entitled', OPERATOR, 'unavailable', 'verified']), [
    'connection.needs_reauth after verified',
    'connection.recovered after action_required',
  ])
  for (const broken of ['degraded', 'needs_reauth'] as const)
    assert.deepEqual(toldOf(broken, [OPERATOR, 'verified']), [`connection.recovered after ${broken}`])
})

test('who knows of trouble is told once that it is over, whatever was known of new credentials in between', () => {
  let columns: Parameters<typeof checkedAgain>[2] = known('verified')
  const told: string[] = []
  const keep = (checked: ReturnType<typeof checkedNow>) => {
    columns = { ...columns, ...checked.columns }
    if (checked.news) told.push(`${checked.news.type} after ${checked.news.before}`)
  }
  const check = (outcome: VerificationOutcome) => keep(checkedAgain(ctx, proofOf(outcome), columns))
  const store = (proof: Proof) => keep(checkedNow(ctx, {} as Carrier, proof, columns))
  store(proofOf('unavailable'))
  check('verified')
  assert.deepEqual(told, [], 'nobody knew of trouble')
  check('invalid_credentials')
  store(proofOf('unavailable'))
  store(UNASKED)
  store(proofOf('platform_misconfigured'))
  check('unavailable')
  assert.deepEqual(told.splice(0), ['connection.needs_reauth after verified'])
  check('invalid_credentials')
  store(UNASKED)
  check('platform_misconfigured')
  check('verified')
  check('verified')
  assert.deepEqual(told.splice(0), [
    'connection.needs_reauth after unverified',
    'connection.recovered after needs_reauth',
  ])
  check('not_entitled')
  store(proofOf('verified'))
  store(proofOf('verified'))
  assert.deepEqual(told, [
    'connection.needs_reauth after verified',
    'connection.recovered after action_required',
  ])
})

test('new credentials end what is not told', () => {
  const { columns } = checkedAgain(ctx, proofOf('platform_misconfigured'), known('verified'))
  assert.equal(columns.told_state, 'verified')
  assert.equal(checkedNow(ctx, {} as Carrier, proofOf('verified'), columns).columns.told_state, null)
})
