import type { Tx, Db } from '../../db.ts'
import type { PreviousCredentials } from '../../schema/tables.ts'
import { byConnection, type ConnectionKey } from '../../scope.ts'

/** Finds the previous credentials of a connection, where they are kept. */
export function findPrevious(db: Db, key: ConnectionKey): Promise<PreviousCredentials | undefined> {
  return db
    .selectFrom('previous_credentials')
    .selectAll()
    .where((eb) => eb.and(byConnection(key)))
    .executeTakeFirst()
}

/** Keeps `row` as the previous credentials of a connection, in place of those that were kept before. */
export async function keepPrevious(tx: Tx, row: PreviousCredentials): Promise<void> {
  const { tenant_id, environment, carrier_id } = row
  await dropPrevious(tx, { tenantId: tenant_id, environment, carrierId: carrier_id })
  await tx.insertInto('previous_credentials').values(row).execute()
}

/** Replaces the sealed bytes of a connection's previous credentials and changes nothing else. */
export async function rotatePrevious(tx: Tx, key: ConnectionKey, credentials: Uint8Array): Promise<void> {
  await tx
    .updateTable('previous_credentials')
    .set({ credentials })
    .where((eb) => eb.and(byConnection(key)))
    .execute()
}

/** Removes the previous credentials of a connection. */
export async function dropPrevious(tx: Tx, key: ConnectionKey): Promise<void> {
  await tx
    .deleteFrom('previous_credentials')
    .where((eb) => eb.and(byConnection(key)))
    .execute()
}
