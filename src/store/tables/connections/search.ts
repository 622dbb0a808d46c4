import { sql } from 'kysely'
import type { Db } from '../../db.ts'
import type { ConnectionListing, Environment, Tenant } from '../../schema/tables.ts'
import type { Scope } from '../../scope.ts'
import { LAST_CHARACTER } from './search-terms.ts'

/** Whose connections are looked through: those of one account, or of every account that a partner created. */
export type Reach = Scope | { partnerId: string; environment: Environment }

/** A stretch of listings that lies together in every order: those of one standing, and of one carrier where one is named. */
export type Stretch = { standing: string; carrier?: string }

export type SearchOrder = { by: 'since' | 'created_at' | 'name_key'; direction: 'asc' | 'desc' }

/** A place in an order, between two listings. */
export type Place = { key: string; carrierId: string; tenantId: string }

/** Where a listing stands, and whether it has what was looked for. */
export type Seen = { key: string; carrier_id: string; tenant_id: string; since: string; fits: number }

/** A listing that has the words which were looked for, and whether it stands behind the place that was asked from. */
export type Candidate = Pick<
  ConnectionListing,
  'tenant_id' | 'carrier_id' | 'carrier' | 'standing' | 'since'
> & {
  key: string
  later: number
}

/** How many connections there are of one carrier and standing. */
export type KindCount = { carrier: string; standing: string; connections: number }

const ownerOf = (reach: Reach) =>
  'partnerId' in reach
    ? { column: 'partner_id' as const, id: reach.partnerId }
    : { column: 'tenant_id' as const, id: reach.tenantId }

const past = (by: SearchOrder['by'], direction: 'asc' | 'desc', { key, carrierId, tenantId }: Place) =>
  sql<boolean>`(${sql.ref(by)}, carrier_id, tenant_id) ${sql.raw(direction === 'asc' ? '>' : '<')} (${key}, ${carrierId}, ${tenantId})`

/** The next `limit` listings of these stretches behind a place, in order; `fits` says which of them have all of these words. */
export async function readListings(
  db: Db,
  reach: Reach,
  stretches: readonly Stretch[],
  { by, direction }: SearchOrder,
  { after, limit, words }: { after: Place | undefined; limit: number; words: readonly string[] },
): Promise<Seen[]> {
  const owner = ownerOf(reach)
  const [first, ...others] = stretches.map(({ standing, carrier }) => {
    const stretch = db
      .selectFrom('connection_listing')
      .select([`${by} as key`, 'carrier_id', 'tenant_id', 'since'])
      .where(owner.column, '=', owner.id)
      .where('environment', '=', reach.environment)
      .where('standing', '=', standing)
      .$if(carrier !== undefined, (query) => query.where('carrier', '=', carrier ?? ''))
      .$if(after !== undefined, (query) => query.where(past(by, direction, after as Place)))
      .orderBy(by, direction)
      .orderBy('carrier_id', direction)
      .orderBy('tenant_id', direction)
      .limit(limit)
    return db.selectFrom(stretch.as('stretch')).selectAll()
  })
  if (!first) return []
  // Whatever is asked of a listing is asked of those that were read, and of no more.
  const part = db
    .selectFrom(others.reduce((all, stretch) => all.unionAll(stretch), first).as('stretches'))
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

/** How many terms begin with a word, counted up to `most`. */
export async function countTerms(db: Db, reach: Reach, word: string, most: number): Promise<number> {
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

/** Every listing that has all of these words, in order; the first word is the one that few terms begin with. */
export function findByWords(
  db: Db,
  reach: Reach,
  words: readonly string[],
  { by, direction }: SearchOrder,
  after: Place | undefined,
): Promise<Candidate[]> {
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

/** The listings at these places, in their order. */
export async function readRows(
  db: Db,
  { environment }: Reach,
  places: readonly Pick<Seen, 'tenant_id' | 'carrier_id'>[],
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
  const nameOf = (row: Pick<Seen, 'tenant_id' | 'carrier_id'>) => `${row.tenant_id} ${row.carrier_id}`
  const found = new Map(rows.map((row) => [nameOf(row), row]))
  return places.flatMap((place) => found.get(nameOf(place)) ?? [])
}

/** How many connections there are of each carrier and standing; of a partner’s accounts the carriers are added up one by one. */
export async function countKinds(db: Db, reach: Reach): Promise<KindCount[]> {
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

/** So many listings are counted by one statement. */
const COUNTED = 10_000

/** How many listings of a stretch have stood as they do since before a time. */
export async function countOlder(
  db: Db,
  reach: Reach,
  { standing, carrier }: Stretch,
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
  for (let after: Place | undefined; ;) {
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

/** What accounts of a partner are called, of those that it created. */
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
