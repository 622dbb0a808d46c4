import type { ExpressionBuilder } from 'kysely'
import { longestClaim } from '../../claims.ts'
import type { Db, Tx } from '../../db.ts'
import type { ScheduledCheck, Schema } from '../../schema/tables.ts'
import { byConnection, type ConnectionKey } from '../../scope.ts'

/** Plans the next check of a connection for `dueAt` and replaces an earlier plan or claim; with `null` no check is planned. */
export async function planCheck(
  tx: Tx,
  key: ConnectionKey,
  carrier: string,
  dueAt: string | null,
): Promise<void> {
  if (dueAt === null) {
    await tx
      .deleteFrom('scheduled_check')
      .where((eb) => eb.and(byConnection(key)))
      .execute()
    return
  }
  await tx
    .insertInto('scheduled_check')
    .values({ ...byConnection(key), carrier, due_at: dueAt, claimed_until: null, fence: 0 })
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'environment', 'carrier_id']).doUpdateSet((eb) => ({
        due_at: dueAt,
        claimed_until: null,
        fence: eb('scheduled_check.fence', '+', 1),
      })),
    )
    .execute()
}

/** Returns the time of a connection's next check, or `null` where no check is planned. */
export async function findNextCheck(db: Db, key: ConnectionKey): Promise<string | null> {
  const row = await db
    .selectFrom('scheduled_check')
    .select('due_at')
    .where((eb) => eb.and(byConnection(key)))
    .executeTakeFirst()
  return row?.due_at ?? null
}

/** Makes the condition for a check that is due at `at`: its time has come, and no process holds a claim on it. */
const isDue = (at: string) => (eb: ExpressionBuilder<Schema, 'scheduled_check'>) =>
  eb.and([
    eb('due_at', '<=', at),
    eb.or([
      eb('claimed_until', 'is', null),
      eb('claimed_until', '<=', at),
      eb('claimed_until', '>', longestClaim(at)),
    ]),
  ])

/** Lists the carriers with a connection whose check is due or under way, on the crossing `check`. */
export async function listDueCarriers(db: Db, at: string): Promise<string[]> {
  const due: string[] = []
  for (let after = ''; ;) {
    // The index gives the earliest check of each carrier first, so that the other checks are not read.
    const next = await db
      .selectFrom('scheduled_check')
      .select(['carrier', 'due_at'])
      .where('carrier', '>', after)
      .orderBy('carrier')
      .orderBy('due_at')
      .limit(1)
      .executeTakeFirst()
    if (!next) return due
    if (next.due_at <= at) due.push(next.carrier)
    after = next.carrier
  }
}

export type DueCheck = { key: ConnectionKey; carrier: string }

/** Lists at most `limit` connections of a carrier whose check is due, the longest due first, on the crossing `check`. */
export async function listDueChecks(db: Db, carrier: string, at: string, limit: number): Promise<DueCheck[]> {
  const rows = await db
    .selectFrom('scheduled_check')
    .select(['tenant_id', 'environment', 'carrier_id'])
    .where('carrier', '=', carrier)
    .where(isDue(at))
    .orderBy('due_at')
    .limit(limit)
    .execute()
  return rows.map(({ tenant_id: tenantId, environment, carrier_id: carrierId }) => ({
    key: { tenantId, environment, carrierId },
    carrier,
  }))
}

/** A check claim is a check that only this process may carry out until the claim ends. */
export type CheckClaim = DueCheck & Pick<ScheduledCheck, 'fence'>

/** Finds a check that is still due; returns `undefined` where another process was faster or the connection is gone. */
export async function findDueCheck(
  tx: Tx,
  { key, carrier }: DueCheck,
  at: string,
): Promise<CheckClaim | undefined> {
  const row = await tx
    .selectFrom('scheduled_check')
    .select('fence')
    .where((eb) => eb.and(byConnection(key)))
    .where(isDue(at))
    .executeTakeFirst()
  return row && { key, carrier, fence: row.fence }
}

/** Claims until `until` a check that was found due in the same transaction. */
export async function claimCheck(
  tx: Tx,
  { key, carrier, fence }: CheckClaim,
  until: string,
): Promise<CheckClaim> {
  await tx
    .updateTable('scheduled_check')
    .set({ claimed_until: until, fence: fence + 1 })
    .where((eb) => eb.and(byConnection(key)))
    .execute()
  return { key, carrier, fence: fence + 1 }
}

/** Says whether a claim still holds: nobody has claimed or planned the check since, and the connection exists. */
export async function holdsClaim(tx: Tx, { key, fence }: CheckClaim): Promise<boolean> {
  const row = await tx
    .selectFrom('scheduled_check')
    .select('fence')
    .where((eb) => eb.and({ ...byConnection(key), fence }))
    .executeTakeFirst()
  return row !== undefined
}
