import type { Db, Tx } from '../../db.ts'
import type { CarrierToken } from '../../schema/tables.ts'
import { byConnection, type ConnectionKey } from '../../scope.ts'

/** Finds the row of a connection's access token, where there is one. */
export function findToken(db: Db, key: ConnectionKey): Promise<CarrierToken | undefined> {
  return db
    .selectFrom('carrier_token')
    .selectAll()
    .where((eb) => eb.and(byConnection(key)))
    .executeTakeFirst()
}

/** A token change holds the columns to write, and among them `credentials_version` where new credentials came into force together with the token. */
export type TokenChange = Partial<Omit<CarrierToken, 'tenant_id' | 'environment' | 'carrier_id' | 'fence'>>

const NOTHING = {
  sealed: null,
  refresh_at: null,
  good_until: null,
  expires_at: null,
  claimed_until: null,
  retry_at: null,
}

/**
 * Writes a token only where its row still has the fence and the version of the credentials in `seen`, and increases the fence by one; fence 0 means that the caller saw no row.
 * Returns the new fence, or `undefined` where another process wrote first or the credentials have changed.
 */
export async function changeToken(
  tx: Tx,
  key: ConnectionKey,
  seen: { version: number; fence: number },
  change: TokenChange,
): Promise<number | undefined> {
  const fence = seen.fence + 1
  const isWritten = seen.fence === 0 ? await insertToken() : await updateToken()
  return isWritten ? fence : undefined

  async function insertToken() {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('carrier_token')
      .values({ ...byConnection(key), credentials_version: seen.version, ...NOTHING, ...change, fence })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  }
  async function updateToken() {
    const { numUpdatedRows } = await tx
      .updateTable('carrier_token')
      .set({ ...change, fence })
      .where((eb) => eb.and({ ...byConnection(key), credentials_version: seen.version, fence: seen.fence }))
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }
}

/**
 * Empties the token row of a connection whose credentials now have the version `version`, and ends every claim to write a token unless `isClaimKept`.
 * The row stays and its fence only increases, so that an old claim never has the fence of a later one.
 */
export async function supersedeToken(
  tx: Tx,
  key: ConnectionKey,
  { version, isClaimKept }: { version: number; isClaimKept: boolean },
): Promise<void> {
  const { claimed_until: _until, ...token } = NOTHING
  await tx
    .updateTable('carrier_token')
    .set({ ...(isClaimKept ? token : NOTHING), credentials_version: version })
    .$if(!isClaimKept, (query) => query.set((eb) => ({ fence: eb('fence', '+', 1) })))
    .where((eb) => eb.and(byConnection(key)))
    .execute()
}
