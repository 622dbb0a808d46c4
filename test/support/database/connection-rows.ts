import { insertTerms } from '../../../src/store/tables/connections/connection-terms.ts'
import type { Environment, NewConnection } from '../../../src/store/schema/tables.ts'
import type { TestServer } from '../server/test-server.ts'

const AT = Date.parse('2026-01-01T00:00:00.000Z')

/** Makes up a row of a connection, in which nothing that is sealed can be opened. */
export function connectionRow(
  place: { tenantId: string; environment?: Environment },
  number: number,
  more: Partial<NewConnection> = {},
): NewConnection {
  const created_at = new Date(AT + number * 1_000).toISOString()
  return {
    ...{ tenant_id: place.tenantId, environment: place.environment ?? 'production' },
    ...{ carrier_id: `se-many${number}`, mode: 'parcel', carrier: 'stamps_com', scac: null },
    ...{ nickname: `Shop ${number}`, account_number: `ACC-${number}`, account_key: null, is_primary: 0 },
    ...{ connection_status: 'approved', version: 1, created_seq: number, created_at, updated_at: created_at },
    ...{ credentials: Buffer.alloc(300), credentials_version: 1, settings: null, settings_version: 1 },
    ...{ state: 'unverified', state_since: null, checked_at: null, diagnosis: null, failed_checks: 0 },
    ...{ degraded_at: null, trouble_told: 0, open_shipments: null },
    ...more,
  }
}

const PART = 200

/** Stores connections of one account as they are, 200 rows in each transaction. */
export async function insertConnectionRows(
  server: TestServer,
  rows: readonly NewConnection[],
): Promise<void> {
  for (let start = 0; start < rows.length; start += PART) {
    const part = rows.slice(start, start + PART)
    await server.ctx.store.transaction(part[0]?.tenant_id ?? '', async (tx) => {
      await tx.insertInto('connection').values(part).execute()
      const listings = await tx
        .selectFrom('connection_listing')
        .selectAll()
        .where('tenant_id', '=', part[0]?.tenant_id ?? '')
        .where('name_key', '=', '')
        .execute()
      await insertTerms(tx, listings)
    })
  }
}
