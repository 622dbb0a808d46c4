import type { Db, Tx } from '../../db.ts'
import type { SignInRow } from '../../schema/tables.ts'
import type { ConnectionKey } from '../../scope.ts'

/** Keeps a sign-in that begins; one of the same connection that had begun before is void. */
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

/** Whose sign-in a state belongs to, along the crossing `sign_in`. */
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

/** Takes the sign-in of this state out, if it has not expired; of several that take it, one gets it. */
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
