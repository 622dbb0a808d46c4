import { sql } from 'kysely'
import type { Db } from '../../db.ts'
import type { ConnectionListing, Environment, Tenant } from '../../schema/tables.ts'
import type { TenantScope } from '../../scope.ts'
import { LAST_CHARACTER } from './search-terms.ts'

/** A reach names the connections that a search reads: those of one account, or of every account that a partner created. */
export type SearchReach = TenantScope | { partnerId: string; environment: Environment }

/** A listing group is the listings of one standing, and of one carrier where one is named; they lie together in the index of every order. */
export type ListingGroup = { standing: string; carrier?: string }

export type SearchOrder = { by: 'since' | 'created_at' | 'name_key'; direction: 'asc' | 'desc' }

/** A place names the listing after which a page begins in an order. */
export type SearchPlace = { key: string; carrierId: string; tenantId: string }

/** A listing place gives the place of a listing in the order; `fits` is 1 where the listing has all words that were searched for. */
export type ListingPlace = { key: string; carrier_id: string; tenant_id: string; since: string; fits: number }

/** A candidate is a listing with all words that were searched for; `later` is 1 where the listing comes after the place that the page begins after. */
export type SearchCandidate = Pick<
  ConnectionListing,
  'tenant_id' | 'carrier_id' | 'carrier' | 'standing' | 'since'
> & {
  key: string
  later: number
}

/** A kind count is the number of connections of one carrier and one standing. */
export type KindCount = { carrier: string; standing: string; connections: number }

const ownerOf = (reach: SearchReach) =>
  'partnerId' in reach
    ? { column: 'partner_id' as const, id: reach.partnerId }
    : { column: 'tenant_id' as const, id: reach.tenantId }

const past = (by: SearchOrder['by'], direction: 'asc' | 'desc', { key, carrierId, tenantId }: SearchPlace) =>
  sql<boolean>`(${sql.ref(by)}, carrier_id, tenant_id) ${sql.raw(direction === 'asc' ? '>' : '<')} (${key}, ${carrierId}, ${tenantId})`

type ListingsPart = {
  order: SearchOrder
  after: SearchPlace | undefined
  limit: number
  words: readonly string[]
}

/** Reads the next `limit` listings of these groups after a place, in order; `fits` says which of them have all of `words`. */
export async function readListings(
  db: Db,
  reach: SearchReach,
  groups: readonly ListingGroup[],
  { order, after, limit, words }: ListingsPart,
): Promise<ListingPlace[]> {
  const { by, direction } = order
  const owner = ownerOf(reach)
  const [first, ...others] = groups.map(({ standing, carrier }) => {
    const group = db
      .selectFrom('connection_listing')
      .select([`${by} as key`, 'carrier_id', 'tenant_id', 'since'])
      .where(owner.column, '=', owner.id)
      .where('environment', '=', reach.environment)
      .where('standing', '=', standing)
      .$if(carrier !== undefined, (query) => query.where('carrier', '=', carrier ?? ''))
      .$if(after !== undefined, (query) => query.where(past(by, direction, after as SearchPlace)))
      .orderBy(by, direction)
      .orderBy('carrier_id', direction)
      .orderBy('tenant_id', direction)
      .limit(limit)
    return db.selectFrom(group.as('group')).selectAll()
  })
  if (!first) return []
  let all = first
  for (const group of others) all = all.unionAll(group)
  // The words are compared only for the listings that this inner query reads.
  const part = db
    .selectFrom(all.as('groups'))
    .selectAll()
    .orderBy('key', direction)
    .orderBy('carrier_id', direction)
    .orderBy('tenant_id', direction)
    .limit(limit)
  const has = (word: string) => sql`exists (select 1 from connection_term
    where connection_term.tenant_id = part.tenant_id and connection_term.environment = ${reach.environment}
      and connection_term.carrier_id = part.carrier_id
      and connection_term.term >= ${word} and connection_term.term < ${word + LAST_CHARACTER})`
  const fits = words.length === 0 ? sql`true` : sql.join(words.map(has), sql` and `)
  return db
    .selectFrom(part.as('part'))
    .selectAll()
    .select(sql<number>`case when ${fits} then 1 else 0 end`.as('fits'))
    .orderBy('key', direction)
    .orderBy('carrier_id', direction)
    .orderBy('tenant_id', direction)
    .execute()
}

/** Counts the terms that begin with a word, up to `most`. */
export async function countTerms(db: Db, reach: SearchReach, word: string, most: number): Promise<number> {
  const { column, id } = ownerOf(reach)
  const terms = db
    .selectFrom('connection_term')
    .select('term')
    .where(column, '=', id)
    .where('environment', '=', reach.environment)
    .where('term', '>=', word)
    .where('term', '<', word + LAST_CHARACTER)
    .limit(most)
  const { total } = await db
    .selectFrom(terms.as('terms'))
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  return total
}

/** Finds every listing that has all of these words, in order; the first word has to be one that few terms begin with. */
export function findByWords(
  db: Db,
  reach: SearchReach,
  words: readonly string[],
  { order, after }: { order: SearchOrder; after: SearchPlace | undefined },
): Promise<SearchCandidate[]> {
  const { by, direction } = order
  const { column, id } = ownerOf(reach)
  const [rarest = '', ...others] = words
  const named = db
    .selectFrom('connection_term')
    .select(['tenant_id as of_tenant', 'carrier_id as of_carrier'])
    .distinct()
    .where(column, '=', id)
    .where('environment', '=', reach.environment)
    .where('term', '>=', rarest)
    .where('term', '<', rarest + LAST_CHARACTER)
  const has = (word: string) => sql<boolean>`exists (select 1 from connection_term
    where connection_term.tenant_id = of_tenant and connection_term.environment = ${reach.environment}
      and connection_term.carrier_id = of_carrier
      and connection_term.term >= ${word} and connection_term.term < ${word + LAST_CHARACTER})`
  const later = after ? past(by, direction, after) : sql<boolean>`true`
  return db
    .selectFrom(named.as('named'))
    .crossJoin('connection_listing')
    .select(['tenant_id', 'carrier_id', 'carrier', 'standing', 'since', `${by} as key`])
    .select(sql<number>`case when ${later} then 1 else 0 end`.as('later'))
    .whereRef('tenant_id', '=', 'of_tenant')
    .where('environment', '=', reach.environment)
    .whereRef('carrier_id', '=', 'of_carrier')
    .where((eb) => eb.and(others.map(has)))
    .orderBy(by, direction)
    .orderBy('carrier_id', direction)
    .orderBy('tenant_id', direction)
    .execute()
}

/** Reads the listings at these places, in the order of the places. */
export async function readRows(
  db: Db,
  { environment }: SearchReach,
  places: readonly Pick<ListingPlace, 'tenant_id' | 'carrier_id'>[],
): Promise<ConnectionListing[]> {
  if (places.length === 0) return []
  const values = places.map(({ tenant_id, carrier_id }) => sql`(${tenant_id}, ${carrier_id})`)
  const rows = await db
    .selectFrom(
      sql<{
        column1: string
        column2: string
      }>`(select column1, column2 from (values ${sql.join(values)}) as given)`.as('place'),
    )
    .crossJoin('connection_listing')
    .selectAll('connection_listing')
    .whereRef('tenant_id', '=', 'column1')
    .where('environment', '=', environment)
    .whereRef('carrier_id', '=', 'column2')
    .execute()
  const nameOf = (row: Pick<ListingPlace, 'tenant_id' | 'carrier_id'>) => `${row.tenant_id} ${row.carrier_id}`
  const found = new Map(rows.map((row) => [nameOf(row), row]))
  return places.flatMap((place) => found.get(nameOf(place)) ?? [])
}

/** Counts the connections of each carrier and standing; for the accounts of a partner, one statement adds up one carrier. */
export async function countKinds(db: Db, reach: SearchReach): Promise<KindCount[]> {
  if (!('partnerId' in reach))
    return db
      .selectFrom('connection_count')
      .select(['carrier', 'standing', 'connections'])
      .where('tenant_id', '=', reach.tenantId)
      .where('environment', '=', reach.environment)
      .execute()
  const own = db
    .selectFrom('connection_count')
    .where('partner_id', '=', reach.partnerId)
    .where('environment', '=', reach.environment)
  const counts: KindCount[] = []
  for (let carrier = ''; ;) {
    const next = await own
      .select('carrier')
      .where('carrier', '>', carrier)
      .orderBy('carrier')
      .limit(1)
      .executeTakeFirst()
    if (!next) return counts
    carrier = next.carrier
    const kinds = await own
      .select(['carrier', 'standing'])
      .select((eb) => eb.fn.sum<number>('connections').as('connections'))
      .where('carrier', '=', carrier)
      .groupBy(['carrier', 'standing'])
      .execute()
    counts.push(...kinds)
  }
}

/** One statement counts at most `COUNTED` listings. */
const COUNTED = 10_000

/** Counts the listings of a group that have had their standing since before `olderThan`. */
export async function countOlder(
  db: Db,
  reach: SearchReach,
  { standing, carrier }: ListingGroup,
  olderThan: string,
): Promise<number> {
  const { column, id } = ownerOf(reach)
  const older = db
    .selectFrom('connection_listing')
    .where(column, '=', id)
    .where('environment', '=', reach.environment)
    .where('standing', '=', standing)
    .$if(carrier !== undefined, (query) => query.where('carrier', '=', carrier ?? ''))
    .where('since', '<', olderThan)
  let total = 0
  for (let after: SearchPlace | undefined; ;) {
    const rest = after ? older.where(past('since', 'asc', after)) : older
    const part = rest.select('since').limit(COUNTED)
    const { counted } = await db
      .selectFrom(part.as('part'))
      .select((eb) => eb.fn.countAll<number>().as('counted'))
      .executeTakeFirstOrThrow()
    total += counted
    if (counted < COUNTED) return total
    const last = await rest
      .select(['since as key', 'carrier_id as carrierId', 'tenant_id as tenantId'])
      .orderBy('since')
      .orderBy('carrier_id')
      .orderBy('tenant_id')
      .limit(1)
      .offset(COUNTED - 1)
      .executeTakeFirst()
    if (!last) return total
    after = last
  }
}

/** Finds the names of the given accounts, leaving out accounts that the partner did not create. */
export function findPartnerNames(
  db: Db,
  partnerId: string,
  tenantIds: readonly string[],
): Promise<Pick<Tenant, 'tenant_id' | 'external_account_id' | 'company_name' | 'active'>[]> {
  return db
    .selectFrom('tenant')
    .select(['tenant_id', 'external_account_id', 'company_name', 'active'])
    .where('partner_id', '=', partnerId)
    .where('tenant_id', 'in', tenantIds.length > 0 ? tenantIds : [''])
    .execute()
}
