import type { Db, Tx } from '../../db.ts'
import type { CarrierToken } from '../../schema/tables.ts'
import { byConnection, type ConnectionKey } from '../../scope.ts'

/** What is kept of the access token of a connection, where anything is. */
export function findToken(db: Db, key: ConnectionKey): Promise<CarrierToken | undefined> {
  return db
    .selectFrom('carrier_token')
    .selectAll()
    .where((eb) => eb.and(byConnection(key)))
    .executeTakeFirst()
}

/** What is written of a token; another `credentials_version` is that of the credentials which came into force with it. */
export type TokenChange = Partial<Omit<CarrierToken, 'tenant_id' | 'environment' | 'carrier_id' | 'fence'>>

const NOTHING = {
  sealed: null,
  refresh_at: null,
  good_until: null,
  expires_at: null,
  holder: null,
  claimed_until: null,
  retry_at: null,
}

/**
 * Writes only over what the caller saw, for the version of the credentials that it saw, and counts the fence up; 0 saw nothing there.
 * Answers the new fence, or `undefined` when another wrote first or the credentials have changed.
 */
export async function changeToken(
  tx: Tx,
  key: ConnectionKey,
  version: number,
  seenFence: number,
  change: TokenChange,
): Promise<number | undefined> {
  const fence = seenFence + 1
  const written =
    seenFence === 0
      ? (
          await tx
            .insertInto('carrier_token')
            .values({ ...byConnection(key), credentials_version: version, ...NOTHING, ...change, fence })
            .onConflict((conflict) => conflict.doNothing())
            .executeTakeFirst()
        ).numInsertedOrUpdatedRows
      : (
          await tx
            .updateTable('carrier_token')
            .set({ ...change, fence })
            .where((eb) => eb.and({ ...byConnection(key), credentials_version: version, fence: seenFence }))
            .executeTakeFirst()
        ).numUpdatedRows
  return written === 1n ? fence : undefined
}

/**
 * Forgets the token of a connection whose credentials have become another version, and ends every claim to write one, unless `claimKept`.
 * The fence goes on counting, so that no old claim ever fits a later one.
 */
export async function supersedeToken(
  tx: Tx,
  key: ConnectionKey,
  version: number,
  claimKept: boolean,
): Promise<void> {
  const { holder: _holder, claimed_until: _until, ...token } = NOTHING
  await tx
    .updateTable('carrier_token')
    .set({ ...(claimKept ? token : NOTHING), credentials_version: version })
    .$if(!claimKept, (query) => query.set((eb) => ({ fence: eb('fence', '+', 1) })))
    .where((eb) => eb.and(byConnection(key)))
    .execute()
}
