import type { Tx, Db } from '../../db.ts'
import type { PreviousCredentials } from '../../schema/tables.ts'
import { byConnection, type ConnectionKey } from '../../scope.ts'

/** The version before the current one, where there is one. */
export function findPrevious(db: Db, key: ConnectionKey): Promise<PreviousCredentials | undefined> {
  return db
    .selectFrom('previous_credentials')
    .selectAll()
    .where((eb) => eb.and(byConnection(key)))
    .executeTakeFirst()
}

/** Keeps `row` as the version before the current one; the one that was kept until now is gone. */
export async function keepPrevious(tx: Tx, row: PreviousCredentials): Promise<void> {
  const { tenant_id, environment, carrier_id } = row
  await dropPrevious(tx, { tenantId: tenant_id, environment, carrierId: carrier_id })
  await tx.insertInto('previous_credentials').values(row).execute()
}

/** Puts other sealed bytes in the place of the version before the current one, which stays what it is otherwise. */
export async function rotatePrevious(tx: Tx, key: ConnectionKey, credentials: Uint8Array): Promise<void> {
  await tx
    .updateTable('previous_credentials')
    .set({ credentials })
    .where((eb) => eb.and(byConnection(key)))
    .execute()
}

/** Removes the version before the current one. */
export async function dropPrevious(tx: Tx, key: ConnectionKey): Promise<void> {
  await tx
    .deleteFrom('previous_credentials')
    .where((eb) => eb.and(byConnection(key)))
    .execute()
}
