import { openCredentials, openSettings } from '../../src/custody/sealed-values.ts'
import { findConnection } from '../../src/store/connections.ts'
import type { Connection, Environment } from '../../src/store/schema.ts'
import type { House } from './harness.ts'

export type Stored = {
  row: Connection
  credentials: Record<string, unknown>
  settings: Record<string, unknown>
}

/** What is really stored of a connection of the first tenant, opened as only the domain can. */
export async function stored(
  house: House,
  carrierId: string,
  environment: Environment = 'production',
): Promise<Stored> {
  const { ctx, tenantId } = house
  const row = await ctx.store.read(tenantId, (db) => findConnection(db, { tenantId, environment, carrierId }))
  if (!row) throw new Error('The connection is not stored.')
  return { row, credentials: openCredentials(ctx, row).reveal(), settings: openSettings(ctx, row).reveal() }
}

type Event = { action: string; carrier_id: string | null; fields: string[]; version: number | null }

/** The trail of one connection, oldest first: what was done, and the names of the fields. */
export async function trail(
  house: House,
  carrierId: string,
): Promise<[action: string, fields: string[], version: number | null][]> {
  const { json } = await house.request('GET', `/v1/audit?page_size=500&carrier_id=${carrierId}`)
  return (json.events as Event[])
    .map(({ action, fields, version }) => [action, fields, version] as const)
    .reverse() as never
}
