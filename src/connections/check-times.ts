import type { Carrier } from '../catalog/define.ts'
import type { Context } from '../context.ts'
import type { Connection } from '../store/schema.ts'
import { stateOf, type Proof } from './findings.ts'

const MINUTE_MS = 60_000
/** When credentials are asked about again: proved ones daily, others soon, and later each time; the times are spread by a fifth. */
const PROVED_MS = 24 * 60 * MINUTE_MS
const UNPROVED_MS = 5 * MINUTE_MS

type Checked = Pick<
  Connection,
  'state' | 'state_since' | 'checked_at' | 'diagnosis' | 'next_check_at' | 'failed_checks'
>

/** What a connection keeps of a proof that was made just now for credentials that are being stored. */
export function checkedNow(
  ctx: Context,
  carrier: Carrier,
  proof: Proof,
  before: Pick<Connection, 'state' | 'state_since'> | undefined,
): Checked {
  const now = ctx.clock()
  const state = stateOf(proof)
  const wait = proof.outcome === 'verified' ? PROVED_MS : Math.max(UNPROVED_MS, retryMs(proof))
  return {
    state,
    state_since: before?.state === state ? before.state_since : now.toISOString(),
    checked_at: proof.asked ? now.toISOString() : null,
    diagnosis: proof.asked && proof.outcome !== 'verified' ? proof.outcome : null,
    next_check_at: carrier.verify && proof.asked ? later(now, wait) : null,
    failed_checks: 0,
  }
}

const retryMs = (proof: Proof) => (proof.asked ? (proof.retryAfter ?? 0) * 1_000 : 0)

/** A time after `now`, between nine and eleven tenths of `milliseconds` away. */
export function later(now: Date, milliseconds: number): string {
  return new Date(now.getTime() + milliseconds * (0.9 + Math.random() * 0.2)).toISOString()
}
