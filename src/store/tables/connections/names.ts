import type { Db } from '../../db.ts'
import type { Connection } from '../../schema/tables.ts'
import type { TenantScope } from '../../scope.ts'

/** A connection name holds the names of a connection, which stay after the connection is deleted. */
export type ConnectionName = Pick<Connection, 'carrier_id' | 'carrier' | 'scac' | 'nickname'>

/** Finds the names of these connections, existing or deleted ones; an erased nickname is `null`. */
export async function findConnectionNames(
  db: Db,
  { tenantId, environment }: TenantScope,
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
