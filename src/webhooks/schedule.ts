const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** How long each attempt waits for the one before it; together some 76 hours. */
export const SCHEDULE: readonly number[] = [
  0,
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
]
const JITTER = 0.2
const LONGEST = 24 * HOUR
const TAKES_NOTHING_FOR = 5 * 24 * HOUR
const TRIED_ENOUGH = 5

/** A receiver's status, `undefined` where it gave none, and the seconds after which it wants to be asked again. */
export type Reply = { status: number | undefined; retryAfter?: number | undefined }

export type Verdict =
  | { kind: 'delivered' }
  | { kind: 'retry'; inMs: number }
  | { kind: 'failed' }
  /** The receiver is gone for good, and wants no more. */
  | { kind: 'gone' }

/** What follows from a reply to attempt number `attempts`; `random` is from 0 up to 1. */
export function judge({ status, retryAfter }: Reply, attempts: number, random: number): Verdict {
  if (status !== undefined && status >= 200 && status < 300) return { kind: 'delivered' }
  if (status === 410) return { kind: 'gone' }
  const wait = SCHEDULE[attempts]
  if (wait === undefined) return { kind: 'failed' }
  const inMs = Math.round(wait * (1 - JITTER + 2 * JITTER * random))
  const heeded = status === 429 || status === 503
  const wanted = heeded && retryAfter !== undefined && retryAfter > 0 ? retryAfter * SECOND : 0
  // Never sooner than the receiver wants, and never sooner than the schedule.
  return { kind: 'retry', inMs: Math.max(inMs, Math.min(wanted, LONGEST)) }
}

/** Whether an endpoint that has taken nothing since `failingSince` is given up after this failure. */
export function isHopeless(failingSince: string, attempts: number, at: Date): boolean {
  return attempts >= TRIED_ENOUGH && at.getTime() - Date.parse(failingSince) >= TAKES_NOTHING_FOR
}
