import type { Db, Tx } from '../../db.ts'
import type { SignInRow } from '../../schema/tables.ts'
import type { ConnectionKey } from '../../scope.ts'

/** Keeps a sign-in that begins, in place of an earlier one of the same connection. */
export async function insertSignIn(tx: Tx, row: SignInRow): Promise<void> {
  const { state_hash, verifier, begun_by, expires_at } = row
  await tx
    .insertInto('sign_in')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'environment', 'carrier_id'])
        .doUpdateSet({ state_hash, verifier, begun_by, expires_at }),
    )
    .execute()
}

/** Finds the connection whose sign-in a state belongs to, on the crossing `sign_in`. */
export function findSignIn(
  db: Db,
  stateHash: Uint8Array,
): Promise<Pick<SignInRow, 'tenant_id' | 'environment' | 'carrier_id'> | undefined> {
  return db
    .selectFrom('sign_in')
    .select(['tenant_id', 'environment', 'carrier_id'])
    .where('state_hash', '=', stateHash)
    .executeTakeFirst()
}

/** Removes and returns the sign-in of this state, unless it has expired at `at`; where several requests do so at once, only one gets the sign-in. */
export function takeSignIn(
  tx: Tx,
  { tenantId, environment, carrierId }: ConnectionKey,
  stateHash: Uint8Array,
  at: string,
): Promise<SignInRow | undefined> {
  return tx
    .deleteFrom('sign_in')
    .where((eb) => eb.and({ tenant_id: tenantId, environment, carrier_id: carrierId, state_hash: stateHash }))
    .where('expires_at', '>', at)
    .returningAll()
    .executeTakeFirst()
}
