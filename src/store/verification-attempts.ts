import type { Tx } from './db.ts'

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
  for (;;) {
    const taken = await tx
      .selectFrom('verification_attempt')
      .select(['slot', 'at'])
      .where('account', '=', account)
      .orderBy('at')
      .execute()
    const slots = new Set(taken.map(({ slot }) => slot))
    const slot = Array.from({ length: most }, (_, index) => index).find((index) => !slots.has(index))
    if (slot === undefined) return { oldest: taken[0]?.at ?? at }
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('verification_attempt')
      .values({ account, slot, at })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    if (numInsertedOrUpdatedRows === 1n) return { slot }
  }
}

/** Takes back an attempt that was no failure; one that another process counted since then stays. */
export async function forgetAttempt(tx: Tx, { account, at }: Attempt, slot: number): Promise<void> {
  await tx
    .deleteFrom('verification_attempt')
    .where((eb) => eb.and({ account, slot, at }))
    .execute()
}
