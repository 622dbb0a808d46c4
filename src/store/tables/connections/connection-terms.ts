import { sql, type Kysely } from 'kysely'
import type { Tx } from '../../db.ts'
import { inChunks } from '../../in-chunks.ts'
import type { ConnectionListing, Schema } from '../../schema/tables.ts'
import type { ConnectionKey } from '../../scope.ts'
import { nameKeyOf, listTerms } from './search-terms.ts'

type NamedListing = Pick<
  ConnectionListing,
  'tenant_id' | 'environment' | 'carrier_id' | 'partner_id' | 'nickname' | 'account_number'
>

/** Writes the search terms and the `name_key` of connections that have none yet. */
export async function insertTerms(db: Kysely<Schema>, listings: readonly NamedListing[]): Promise<void> {
  const rows = listings.flatMap((listing) => {
    const { tenant_id, environment, carrier_id, partner_id } = listing
    return listTerms(listing).map((term) => ({ tenant_id, environment, carrier_id, term, partner_id }))
  })
  for (const part of inChunks(rows)) await db.insertInto('connection_term').values(part).execute()
  const names = listings.map(
    ({ tenant_id, environment, carrier_id, nickname }) =>
      sql`(${tenant_id}, ${environment}, ${carrier_id}, ${nameKeyOf(nickname)})`,
  )
  if (names.length > 0)
    await sql`update connection_listing set name_key = named.column4 from (values ${sql.join(names)}) as named
      where tenant_id = named.column1 and environment = named.column2 and carrier_id = named.column3`.execute(
      db,
    )
}

/** Writes the search terms of a connection that has none; a connection has none after a connect and after a change of its nickname or account number. */
export async function renewTerms(tx: Tx, { tenantId, environment, carrierId }: ConnectionKey): Promise<void> {
  const listing = await tx
    .selectFrom('connection_listing')
    .select(['tenant_id', 'environment', 'carrier_id', 'partner_id', 'nickname', 'account_number'])
    .where((eb) => eb.and({ tenant_id: tenantId, environment, carrier_id: carrierId, name_key: '' }))
    .executeTakeFirst()
  if (listing) await insertTerms(tx, [listing])
}
