import type { Db } from '../../db.ts'
import type { Connection } from '../../schema/tables.ts'
import type { Scope } from '../../scope.ts'

/** What a connection is called, as long as it is there and after it is deleted. */
export type ConnectionName = Pick<Connection, 'carrier_id' | 'carrier' | 'scac' | 'nickname'>

/** The names of those of these connections that are there or have been; a nickname that was erased is `null`. */
export async function findConnectionNames(
  db: Db,
  { tenantId, environment }: Scope,
  carrierIds: readonly string[],
): Promise<ConnectionName[]> {
  if (carrierIds.length === 0) return []
  const of = (table: 'connection' | 'tombstone') =>
    db
      .selectFrom(table)
      .select(['carrier_id', 'carrier', 'scac', 'nickname'])
      .where((eb) => eb.and({ tenant_id: tenantId, environment }))
      .where('carrier_id', 'in', carrierIds)
  return of('connection').unionAll(of('tombstone')).orderBy('carrier_id').execute()
}
