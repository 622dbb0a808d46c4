import type { Db, Tx } from '../../db.ts'
import { byConnection, type ConnectionKey } from '../../scope.ts'

/** Adds a lease of a connection with its end, and removes the connection's leases that have ended at `at`. */
export async function insertLease(
  tx: Tx,
  key: ConnectionKey,
  lease: { audit_seq: number; expires_at: string },
  at: string,
): Promise<void> {
  await tx
    .deleteFrom('lease')
    .where((eb) => eb.and(byConnection(key)))
    .where('expires_at', '<=', at)
    .execute()
  await tx
    .insertInto('lease')
    .values({ ...byConnection(key), ...lease })
    .execute()
}

/** Counts the leases of a connection that may be in use at `at`, and returns the latest end. */
export async function countLiveLeases(
  db: Db,
  key: ConnectionKey,
  at: string,
): Promise<{ count: number; until: string | null }> {
  return db
    .selectFrom('lease')
    .select((eb) => [eb.fn.countAll<number>().as('count'), eb.fn.max('expires_at').as('until')])
    .where((eb) => eb.and(byConnection(key)))
    .where('expires_at', '>', at)
    .executeTakeFirstOrThrow()
}
