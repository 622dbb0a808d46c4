import type { Tx } from '../../db.ts'
import { takeSlot } from '../../take-slot.ts'

/** The times of an attempt are `now` and the limits of the time in which other attempts count. */
export type AttemptTimes = Readonly<{
  now: string
  /** Attempts up to `since` are too old to count. */
  since: string
  /** Attempts after `latest` were written by a clock that was wrong. */
  latest: string
  /** An attempt that begins now counts as under way until `until`, even where its process has died. */
  until: string
}>

type CountedAttempt = { account: Uint8Array; slot: number; at: string }

/**
 * Counts an attempt on an account as under way, unless `most` attempts are under way or were refused already.
 * Returns the counted attempt, or `running` where `most` is reached and some attempts are under way, or the time of the oldest refusal where all were refused.
 */
export async function takeAttempt(
  tx: Tx,
  account: Uint8Array,
  { now: at, since, latest, until }: AttemptTimes,
  most: number,
): Promise<CountedAttempt | { oldest: string } | 'running'> {
  await tx
    .deleteFrom('verification_attempt')
    .where((eb) => eb.or([eb('at', '<=', since), eb('at', '>', latest), eb('running_until', '<=', at)]))
    .execute()
  const taken = await take(tx, { account, at, running_until: until }, most)
  if ('slot' in taken) return { account, at, slot: taken.slot }
  const running = await tx
    .selectFrom('verification_attempt')
    .select('slot')
    .where('account', '=', account)
    .where('running_until', 'is not', null)
    .executeTakeFirst()
  return running ? 'running' : taken
}

/** Removes an attempt that the carrier did not refuse. */
export async function endAttempt(tx: Tx, { account, slot, at }: CountedAttempt): Promise<void> {
  await tx
    .deleteFrom('verification_attempt')
    .where((eb) => eb.and({ account, slot, at }))
    .execute()
}

/** Ends an attempt as a refusal and counts the refusal on each of these accounts, where fewer than `most` attempts count. */
export async function keepRefusal(
  tx: Tx,
  attempt: CountedAttempt,
  accounts: readonly Uint8Array[],
  most: number,
): Promise<void> {
  await endAttempt(tx, attempt)
  for (const account of accounts) await take(tx, { account, at: attempt.at, running_until: null }, most)
}

/** Removes the refusals of these accounts. */
export async function forgetRefusals(tx: Tx, accounts: readonly Uint8Array[]): Promise<void> {
  await tx
    .deleteFrom('verification_attempt')
    .where('account', 'in', accounts)
    .where('running_until', 'is', null)
    .execute()
}

const take = (
  tx: Tx,
  { account, at, running_until }: { account: Uint8Array; at: string; running_until: string | null },
  most: number,
) =>
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
