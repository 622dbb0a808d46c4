import { sql, type Kysely } from 'kysely'
import type { Tx } from '../../db.ts'
import { inParts } from '../../in-chunks.ts'
import type { ConnectionListing, Schema } from '../../schema/tables.ts'
import type { ConnectionKey } from '../../scope.ts'
import { nameKeyOf, termsOf } from './search-terms.ts'

type Named = Pick<
  ConnectionListing,
  'tenant_id' | 'environment' | 'carrier_id' | 'partner_id' | 'nickname' | 'account_number'
>

/** Gives connections that have none the terms that they are found by, and their place among nicknames. */
export async function keepTerms(db: Kysely<Schema>, listings: readonly Named[]): Promise<void> {
  const rows = listings.flatMap((listing) => {
    const { tenant_id, environment, carrier_id, partner_id } = listing
    return termsOf(listing).map((term) => ({ tenant_id, environment, carrier_id, term, partner_id }))
  })
  for (const part of inParts(rows)) await db.insertInto('connection_term').values(part).execute()
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

/** Gives a connection its terms where it has none: after a connect, and once its nickname or its account number is another. */
export async function renewTerms(tx: Tx, { tenantId, environment, carrierId }: ConnectionKey): Promise<void> {
  const listing = await tx
    .selectFrom('connection_listing')
    .select(['tenant_id', 'environment', 'carrier_id', 'partner_id', 'nickname', 'account_number'])
    .where((eb) => eb.and({ tenant_id: tenantId, environment, carrier_id: carrierId, name_key: '' }))
    .executeTakeFirst()
  if (listing) await keepTerms(tx, [listing])
}
