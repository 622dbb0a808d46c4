import type { ConnectionKey } from './connections.ts'
import type { Db } from './db.ts'

export async function openShipments(
  _db: Db,
  _key: ConnectionKey,
): Promise<{ count: number; oldestShipDate: string | null }> {
  return { count: 0, oldestShipDate: null }
}
