import type { Carrier } from '../catalog/define.ts'
import type { Context } from '../context.ts'
import type { Connection, ConnectionState } from '../store/schema.ts'
import { stateOf, type Proof } from './findings.ts'

const MINUTE_MS = 60_000
/** When a connection is asked about again: daily while it works, soon after a failure, and later after each further one. */
const PROVED_MS = 24 * 60 * MINUTE_MS
const SOON_MS = 5 * MINUTE_MS
const SELDOM_MS = 6 * 60 * MINUTE_MS

/** Failures to ask in a row after which a connection that worked is shown as degraded: one outage of a minute is no news. */
const DEGRADED_AFTER = 3

type Known = Pick<Connection, 'state' | 'state_since' | 'diagnosis' | 'failed_checks'>

/** What a connection keeps of a proof, and when it is to be checked next; `null` where no check would help. */
export type Checked = {
  columns: Known & Pick<Connection, 'checked_at'>
  nextCheckAt: string | null
}

/** What follows from a proof of credentials that are being stored. */
export function checkedNow(
  ctx: Context,
  carrier: Carrier,
  proof: Proof,
  before: Pick<Connection, 'state' | 'state_since'> | undefined,
): Checked {
  const now = ctx.clock()
  const failed = proof.asked && proof.outcome !== 'verified' ? 1 : 0
  return {
    columns: {
      ...since(stateOf(proof), before, now),
      checked_at: proof.asked ? now.toISOString() : null,
      diagnosis: proof.asked && proof.outcome !== 'verified' ? proof.outcome : null,
      failed_checks: failed,
    },
    nextCheckAt: carrier.verify && proof.asked ? nextCheck(now, stateOf(proof), proof, failed) : null,
  }
}

/** What follows from a check of credentials that are in force. */
export function checkedAgain(ctx: Context, proof: Proof, before: Known): Checked {
  const now = ctx.clock()
  const failed = isUnanswered(proof.outcome) ? before.failed_checks + 1 : 0
  const state = nextState(proof.outcome, before.state, failed)
  return {
    columns: {
      ...since(state, before, now),
      checked_at: now.toISOString(),
      diagnosis: proof.outcome === 'verified' ? null : proof.outcome,
      failed_checks: failed,
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

const isUnanswered = (outcome: Proof['outcome']) =>
  outcome === 'unavailable' || outcome === 'rate_limited' || outcome === 'inconclusive'

/** An outage or an answer that says nothing never speaks against credentials, and never for them. */
function nextState(outcome: Proof['outcome'], before: ConnectionState, failed: number): ConnectionState {
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
      return before === 'verified' && failed >= DEGRADED_AFTER ? 'degraded' : before
    default:
      return before
  }
}

/** A refused credential is not tried again by itself: that is how accounts get locked. */
function nextCheck(now: Date, state: ConnectionState, proof: Proof, failed: number): string | null {
  if (state === 'needs_reauth') return null
  if (failed === 0) return later(now, PROVED_MS)
  const wait = Math.min(SOON_MS * 2 ** (failed - 1), SELDOM_MS)
  return later(now, Math.max(wait, proof.asked ? (proof.retryAfter ?? 0) * 1_000 : 0))
}

/** A time after `now`, between nine and eleven tenths of `milliseconds` away, so that many do not come at once. */
export function later(now: Date, milliseconds: number): string {
  return new Date(now.getTime() + milliseconds * (0.9 + Math.random() * 0.2)).toISOString()
}
