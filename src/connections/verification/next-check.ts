import { later, notBefore } from '../../time.ts'
import type { Carrier } from '../../catalog/define.ts'
import type { Context } from '../../context.ts'
import type { Connection, ConnectionState } from '../../store/schema/tables.ts'
import { stateOf, type Proof } from '../carrier/proof.ts'
import { transitionOf } from './announce-state.ts'

const MINUTE_MS = 60_000
/** When a connection is asked about again: daily while it works, soon after a failure, and later after each further one. */
const PROVED_MS = 24 * 60 * MINUTE_MS
const SOON_MS = 5 * MINUTE_MS
const SELDOM_MS = 6 * 60 * MINUTE_MS

/** Failures to ask in a row after which a connection that worked is shown as degraded: one outage of a minute is no news. */
const DEGRADED_AFTER = 3
/** How long a connection that was shown as degraded is not again, once it has recovered: one that comes and goes is told once an hour. */
const CALM_MS = 60 * MINUTE_MS

type Clocked = Pick<Context, 'clock'>
type Known = Pick<
  Connection,
  'state' | 'state_since' | 'diagnosis' | 'failed_checks' | 'degraded_at' | 'trouble_told'
>

/** What a connection keeps of a proof, and when it is to be checked next; `null` where no check would help. */
export type Checked<Columns> = { columns: Columns; nextCheckAt: string | null }

/** What follows from a proof of credentials that are being stored. */
export function checkedNow(
  { clock }: Clocked,
  carrier: Carrier,
  proof: Proof,
  before: Pick<Connection, 'state' | 'state_since' | 'trouble_told'> | undefined,
): Checked<Omit<Known, 'degraded_at'> & Pick<Connection, 'checked_at'>> {
  const now = clock()
  const state = stateOf(proof)
  const failed = proof.asked && proof.outcome !== 'verified' && proof.outcome !== 'inconclusive' ? 1 : 0
  const diagnosis = proof.asked && proof.outcome !== 'verified' ? proof.outcome : null
  return {
    columns: {
      ...since(state, before, now),
      checked_at: proof.asked ? now.toISOString() : null,
      diagnosis,
      failed_checks: failed,
      trouble_told: transitionOf(before, { state, diagnosis }).trouble_told,
    },
    nextCheckAt: carrier.verify && !waits(proof) ? nextCheck(now, state, proof, failed) : null,
  }
}

const waits = (proof: Proof) => !proof.asked && proof.waits === true

/** What follows where nothing is known any more of credentials that are in force: they are to be checked at once. */
export function checkedNever(
  { clock }: Clocked,
  before: Pick<Connection, 'state' | 'state_since' | 'trouble_told'>,
): ReturnType<typeof checkedNow> {
  const now = clock()
  return {
    columns: {
      ...since('unverified', before, now),
      ...{ checked_at: null, diagnosis: null, failed_checks: 0, trouble_told: before.trouble_told },
    },
    nextCheckAt: now.toISOString(),
  }
}

/** What follows from a check of credentials that are in force. */
export function checkedAgain(
  { clock }: Clocked,
  proof: Proof,
  before: Known,
): Checked<Known & Pick<Connection, 'checked_at'>> {
  const now = clock()
  const failed = isUnanswered(proof.outcome) ? before.failed_checks + 1 : 0
  const state = nextState(proof.outcome, before, failed, now)
  const isNew = state === 'degraded' && before.state !== 'degraded'
  const diagnosis = proof.outcome === 'verified' ? null : proof.outcome
  return {
    columns: {
      ...since(state, before, now),
      checked_at: now.toISOString(),
      diagnosis,
      failed_checks: failed,
      degraded_at: isNew ? now.toISOString() : before.degraded_at,
      trouble_told: transitionOf(before, { state, diagnosis }).trouble_told,
    },
    nextCheckAt: nextCheck(now, state, proof, failed),
  }
}

function since(
  state: ConnectionState,
  before: Pick<Connection, 'state' | 'state_since'> | undefined,
  now: Date,
): Pick<Connection, 'state' | 'state_since'> {
  return { state, state_since: before?.state === state ? before.state_since : now.toISOString() }
}

/** An answer that says nothing is an answer: the carrier can be asked, and asking sooner would not tell more. */
const isUnanswered = (outcome: Proof['outcome']) => outcome === 'unavailable' || outcome === 'rate_limited'

/** An outage or an answer that says nothing never speaks against credentials, and never for them. */
function nextState(outcome: Proof['outcome'], before: Known, failed: number, now: Date): ConnectionState {
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

/** A refused credential is not tried again by itself: that is how accounts get locked. */
function nextCheck(now: Date, state: ConnectionState, proof: Proof, failed: number): string | null {
  if (state === 'needs_reauth') return null
  const wait =
    failed > 0
      ? Math.min(SOON_MS * 2 ** (failed - 1), SELDOM_MS)
      : state === 'degraded'
        ? SELDOM_MS
        : PROVED_MS
  const atLeast = notBefore(now, (proof.asked ? (proof.retryAfter ?? 0) : 0) * 1_000)
  const planned = later(now, wait)
  return planned < atLeast ? atLeast : planned
}
