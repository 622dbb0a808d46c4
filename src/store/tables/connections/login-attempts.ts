import type { Tx } from '../../db.ts'
import { takeSlot } from '../../take-slot.ts'

/** A time to be asked at, and those that bound what counts then. */
export type Times = Readonly<{
  now: string
  /** Refusals until then are too old to count. */
  since: string
  /** What is later than this was written by a clock that was wrong. */
  latest: string
  /** When an attempt that begins now is over, whatever has become of its process. */
  until: string
}>

type Attempt = { account: Uint8Array; slot: number; at: string }

/**
 * Counts an attempt on an account as under way, unless `most` are under way or were refused already.
 * Answers what is counted, or the time of the oldest refusal where all were refused, or that some are under way.
 */
export async function takeAttempt(
  tx: Tx,
  account: Uint8Array,
  { now: at, since, latest, until }: Times,
  most: number,
): Promise<Attempt | { oldest: string } | 'running'> {
  await tx
    .deleteFrom('verification_attempt')
    .where((eb) => eb.or([eb('at', '<=', since), eb('at', '>', latest), eb('running_until', '<=', at)]))
    .execute()
  const taken = await take(tx, account, at, until, most)
  if ('slot' in taken) return { account, at, slot: taken.slot }
  const running = await tx
    .selectFrom('verification_attempt')
    .select('slot')
    .where('account', '=', account)
    .where('running_until', 'is not', null)
    .executeTakeFirst()
  return running ? 'running' : taken
}

/** Ends an attempt that was no refusal. */
export async function endAttempt(tx: Tx, { account, slot, at }: Attempt): Promise<void> {
  await tx
    .deleteFrom('verification_attempt')
    .where((eb) => eb.and({ account, slot, at }))
    .execute()
}

/** Ends an attempt as a refusal, which counts on each of these accounts: no more than `most` do on one. */
export async function keepRefusal(
  tx: Tx,
  attempt: Attempt,
  accounts: readonly Uint8Array[],
  most: number,
): Promise<void> {
  await endAttempt(tx, attempt)
  for (const account of accounts) await take(tx, account, attempt.at, null, most)
}

/** Counts no refusal of these accounts any more. */
export async function forgetRefusals(tx: Tx, accounts: readonly Uint8Array[]): Promise<void> {
  await tx
    .deleteFrom('verification_attempt')
    .where('account', 'in', accounts)
    .where('running_until', 'is', null)
    .execute()
}

const take = (tx: Tx, account: Uint8Array, at: string, running_until: string | null, most: number) =>
  takeSlot(
    most,
    at,
    () =>
      tx
        .selectFrom('verification_attempt')
        .select(['slot', 'at'])
        .where('account', '=', account)
        .orderBy('at')
        .execute(),
    (slot) =>
      tx
        .insertInto('verification_attempt')
        .values({ account, slot, at, running_until })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst(),
  )
