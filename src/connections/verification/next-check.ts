import { later, notBefore } from '../../time.ts'
import type { Carrier } from '../../catalog/define.ts'
import type { Context } from '../../context.ts'
import type { Connection, ConnectionState } from '../../store/schema/tables.ts'
import { stateOf, type VerificationResult } from '../carrier/verification-result.ts'
import { findTransition } from './announce-state.ts'

const MINUTE_MS = 60_000
/** While the connection works, the next check comes after about a day. After a failure the next check comes after `SOON_MS`, and after each further failure after twice the time, up to `SELDOM_MS`. */
const VERIFIED_MS = 24 * 60 * MINUTE_MS
const SOON_MS = 5 * MINUTE_MS
const SELDOM_MS = 6 * 60 * MINUTE_MS

/** A verified connection is shown as degraded when this many checks in a row could not ask the carrier, since an outage of a minute is no news. */
const DEGRADED_AFTER = 3
/** A connection that was degraded and has recovered is not shown as degraded again for this many milliseconds, so that a connection that fails again and again is announced at most once an hour. */
const CALM_MS = 60 * MINUTE_MS

type Clocked = Pick<Context, 'clock'>
type LastCheck = Pick<
  Connection,
  'state' | 'state_since' | 'diagnosis' | 'failed_checks' | 'degraded_at' | 'trouble_told'
>

/** Describes the columns that store an outcome, and the time of the next check; `nextCheckAt` is `null` where no check would help. */
export type CheckResult<Columns> = { columns: Columns; nextCheckAt: string | null }

/** Returns the columns and the next check that follow from an outcome for credentials that are being stored. */
export function checkedNow(
  { clock }: Clocked,
  carrier: Carrier,
  verification: VerificationResult,
  before: Pick<Connection, 'state' | 'state_since' | 'trouble_told'> | undefined,
): CheckResult<Omit<LastCheck, 'degraded_at'> & Pick<Connection, 'checked_at'>> {
  const now = clock()
  const state = stateOf(verification)
  const failed =
    verification.asked && verification.outcome !== 'verified' && verification.outcome !== 'inconclusive'
      ? 1
      : 0
  const diagnosis = verification.asked && verification.outcome !== 'verified' ? verification.outcome : null
  return {
    columns: {
      ...since(state, before, now),
      checked_at: verification.asked ? now.toISOString() : null,
      diagnosis,
      failed_checks: failed,
      trouble_told: findTransition(before, { state, diagnosis }).trouble_told,
    },
    nextCheckAt: carrier.verify && !waits(verification) ? nextCheck(now, state, verification, failed) : null,
  }
}

const waits = (verification: VerificationResult) => !verification.asked && verification.waits === true

/** Returns the columns and the next check of credentials in force about which nothing is known any more: they are to be checked at once. */
export function checkedNever(
  { clock }: Clocked,
  before: Pick<Connection, 'state' | 'state_since' | 'trouble_told'>,
): ReturnType<typeof checkedNow> {
  const now = clock()
  return {
    columns: {
      ...since('unverified', before, now),
      checked_at: null,
      diagnosis: null,
      failed_checks: 0,
      trouble_told: before.trouble_told,
    },
    nextCheckAt: now.toISOString(),
  }
}

/** Returns the columns and the next check that follow from a check of the credentials in force. */
export function checkedAgain(
  { clock }: Clocked,
  verification: VerificationResult,
  before: LastCheck,
): CheckResult<LastCheck & Pick<Connection, 'checked_at'>> {
  const now = clock()
  const failed = isUnanswered(verification.outcome) ? before.failed_checks + 1 : 0
  const state = nextState(verification.outcome, before, failed, now)
  const isNew = state === 'degraded' && before.state !== 'degraded'
  const diagnosis = verification.outcome === 'verified' ? null : verification.outcome
  return {
    columns: {
      ...since(state, before, now),
      checked_at: now.toISOString(),
      diagnosis,
      failed_checks: failed,
      degraded_at: isNew ? now.toISOString() : before.degraded_at,
      trouble_told: findTransition(before, { state, diagnosis }).trouble_told,
    },
    nextCheckAt: nextCheck(now, state, verification, failed),
  }
}

function since(
  state: ConnectionState,
  before: Pick<Connection, 'state' | 'state_since'> | undefined,
  now: Date,
): Pick<Connection, 'state' | 'state_since'> {
  return { state, state_since: before?.state === state ? before.state_since : now.toISOString() }
}

/** Returns whether the carrier could not be asked. An inconclusive answer is an answer too: asking again sooner would not bring another one. */
const isUnanswered = (outcome: VerificationResult['outcome']) =>
  outcome === 'unavailable' || outcome === 'rate_limited'

/** Returns the next state of a connection. An inconclusive answer never changes the state, and a carrier that cannot be asked changes the state only from `verified` to `degraded`. */
function nextState(
  outcome: VerificationResult['outcome'],
  before: LastCheck,
  failed: number,
  now: Date,
): ConnectionState {
  switch (outcome) {
    case 'verified':
      return 'verified'
    case 'invalid_credentials':
      return 'needs_reauth'
    case 'not_entitled':
    case 'platform_misconfigured':
      return 'action_required'
    case 'unavailable':
    case 'rate_limited':
      return before.state === 'verified' && failed >= DEGRADED_AFTER && isCalm(before.degraded_at, now)
        ? 'degraded'
        : before.state
    default:
      return before.state
  }
}

const isCalm = (degradedAt: string | null, now: Date) =>
  degradedAt === null || now.getTime() - Date.parse(degradedAt) >= CALM_MS

/** Returns the time of the next check; `null` where the carrier refused the credentials, since accounts get locked when refused credentials are tried again. */
function nextCheck(
  now: Date,
  state: ConnectionState,
  verification: VerificationResult,
  failed: number,
): string | null {
  if (state === 'needs_reauth') return null
  let wait = state === 'degraded' ? SELDOM_MS : VERIFIED_MS
  if (failed > 0) wait = Math.min(SOON_MS * 2 ** (failed - 1), SELDOM_MS)
  const atLeast = notBefore(now, (verification.asked ? (verification.retryAfter ?? 0) : 0) * 1_000)
  const planned = later(now, wait)
  return planned < atLeast ? atLeast : planned
}
