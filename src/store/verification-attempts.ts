import type { Tx } from './db.ts'
import { takeSlot } from './slots.ts'

type Attempt = { account: Uint8Array; at: string }

/**
 * Counts an attempt on an account, unless `most` others count already: those after `since`.
 * Answers its slot, or the time of the oldest that counts.
 */
export async function takeAttempt(
  tx: Tx,
  { account, at }: Attempt,
  since: string,
  most: number,
): Promise<{ slot: number } | { oldest: string }> {
  await tx.deleteFrom('verification_attempt').where('at', '<=', since).execute()
  return takeSlot(
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
        .values({ account, slot, at })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst(),
  )
}

/** Takes back an attempt that was no failure; one that another process counted since then stays. */
export async function forgetAttempt(tx: Tx, { account, at }: Attempt, slot: number): Promise<void> {
  await tx
    .deleteFrom('verification_attempt')
    .where((eb) => eb.and({ account, slot, at }))
    .execute()
}
