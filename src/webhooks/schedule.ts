const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** `SCHEDULE` gives how many milliseconds each attempt waits after the one before it; together these are about 76 hours. */
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

/** A reply holds the status of a receiver, `undefined` where there was none, and the seconds after which the receiver wants the next attempt. */
export type ReceiverReply = { status: number | undefined; retryAfter?: number | undefined }

/** A `NextDelivery` says what follows from the reply to an attempt; `retry` gives the milliseconds until the next attempt. */
export type NextDelivery =
  | { kind: 'delivered' }
  | { kind: 'retry'; inMs: number }
  | { kind: 'failed' }
  /** `gone` means that the receiver answered 410: the receiver no longer exists and wants no more messages. */
  | { kind: 'gone' }

/** Decides what follows from a reply to the attempt with the number `attempts`; `random` is from 0 up to 1. */
export function planNextDelivery(
  { status, retryAfter }: ReceiverReply,
  attempts: number,
  random: number,
): NextDelivery {
  if (status !== undefined && status >= 200 && status < 300) return { kind: 'delivered' }
  if (status === 410) return { kind: 'gone' }
  const wait = SCHEDULE[attempts]
  if (wait === undefined) return { kind: 'failed' }
  const inMs = Math.round(wait * (1 - JITTER + 2 * JITTER * random))
  const heeded = status === 429 || status === 503
  const wanted = heeded && retryAfter !== undefined && retryAfter > 0 ? retryAfter * SECOND : 0
  // The next attempt comes no sooner than the schedule says and, within 24 hours, no sooner than the receiver wants.
  return { kind: 'retry', inMs: Math.max(inMs, Math.min(wanted, LONGEST)) }
}

/** Says whether an endpoint that has been failing since `failingSince` is given up after this failure. */
export function isHopeless(failingSince: string, attempts: number, at: Date): boolean {
  return attempts >= TRIED_ENOUGH && at.getTime() - Date.parse(failingSince) >= TAKES_NOTHING_FOR
}
