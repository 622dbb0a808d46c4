import type { Tx } from './db.ts'

/**
 * Counts a check of a carrier, unless `most` count already: those after `since`, of whatever tenant and process.
 * Answers when the oldest of them was, where there is no turn.
 */
export async function takeTurn(
  tx: Tx,
  { carrier, at }: { carrier: string; at: string },
  since: string,
  most: number,
): Promise<{ oldest: string } | undefined> {
  await tx.deleteFrom('check_turn').where('carrier', '=', carrier).where('at', '<=', since).execute()
  for (;;) {
    const taken = await tx
      .selectFrom('check_turn')
      .select(['slot', 'at'])
      .where('carrier', '=', carrier)
      .orderBy('at')
      .execute()
    const slots = new Set(taken.map(({ slot }) => slot))
    const slot = Array.from({ length: most }, (_, index) => index).find((index) => !slots.has(index))
    if (slot === undefined) return { oldest: taken[0]?.at ?? at }
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('check_turn')
      .values({ carrier, slot, at })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    if (numInsertedOrUpdatedRows === 1n) return undefined
  }
}
