import type { Tx } from '../../db.ts'
import { takeSlot } from '../../take-slot.ts'

/**
 * Counts a check at a carrier, unless `most` checks of all tenants and processes count already; the checks between `since` and `latest` count.
 * A check after `latest` was written by a clock that was wrong. Returns the time of the oldest check where the new check has to wait.
 */
export async function takeTurn(
  tx: Tx,
  { carrier, at }: { carrier: string; at: string },
  { since, latest }: { since: string; latest: string },
  most: number,
): Promise<{ oldest: string } | undefined> {
  await tx
    .deleteFrom('check_turn')
    .where('carrier', '=', carrier)
    .where((eb) => eb.or([eb('at', '<=', since), eb('at', '>', latest)]))
    .execute()
  const taken = await takeSlot(
    most,
    at,
    () =>
      tx
        .selectFrom('check_turn')
        .select(['slot', 'at'])
        .where('carrier', '=', carrier)
        .orderBy('at')
        .execute(),
    (slot) =>
      tx
        .insertInto('check_turn')
        .values({ carrier, slot, at })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst(),
  )
  return 'oldest' in taken ? taken : undefined
}
