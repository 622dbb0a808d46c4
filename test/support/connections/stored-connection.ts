import { createOpener } from '../../../src/custody/opener.ts'
import { findConnection } from '../../../src/store/tables/connections/connections.ts'
import type { Connection, Environment } from '../../../src/store/schema/tables.ts'
import type { TestServer } from '../server/test-server.ts'

export type StoredConnection = {
  row: Connection
  credentials: Record<string, unknown>
  settings: Record<string, unknown>
}

/** Reads what is stored of a connection of the first tenant, and opens what is sealed as only the domain can. */
export async function storedConnection(
  server: TestServer,
  carrierId: string,
  environment: Environment = 'production',
): Promise<StoredConnection> {
  const { ctx, tenantId } = server
  const row = await ctx.store.read(tenantId, (db) => findConnection(db, { tenantId, environment, carrierId }))
  if (!row) throw new Error('The connection is not stored.')
  return {
    row,
    ...createOpener(ctx, () => {})
      .contents(row)
      .reveal(),
  }
}
