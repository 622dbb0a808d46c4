import type { Db, Tx } from '../../db.ts'
import { byConnection, type ConnectionKey } from '../../scope.ts'

/** Keeps until when a lease may be in use; those of the connection that have ended at `at` are forgotten. */
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

/** How many leases of a connection may be in use at `at`, and until when. */
export async function liveLeases(
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
