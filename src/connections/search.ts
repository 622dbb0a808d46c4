import type { Carrier } from '../catalog/define.ts'
import { storedCarrier } from '../catalog/find-carrier.ts'
import type { Actor, Context } from '../context.ts'
import { failFields } from '../errors.ts'
import { requireScope } from '../require-scope.ts'
import {
  countKinds,
  countOlder,
  countTerms,
  findByWords,
  findPartnerNames,
  readRows,
  type SearchPlace,
  type SearchReach,
  type SearchOrder,
} from '../store/tables/connections/search.ts'
import type { Db } from '../store/db.ts'
import type { ConnectionListing, Tenant } from '../store/schema/tables.ts'
import { adviseOnConnection, type Advice } from './verification/advice.ts'
import {
  carrierTest,
  countStates,
  kindTest,
  listingGroups,
  type KindFilter,
  type StateCounts,
} from './search-kinds.ts'
import { whyUnverified, type Unverified } from './verification/why-unverified.ts'
import { walkListings, type FoundListings } from './walk-listings.ts'

export type { SearchPlace, SearchOrder } from '../store/tables/connections/search.ts'
export { splitWords as wordsOf } from '../store/tables/connections/search-terms.ts'

export type SearchScope = KindFilter & {
  /** `olderThan` selects connections that have been in their state since before this time. */
  olderThan?: string
  /** `words` are beginnings of words of the nickname, the account number or the id; a connection must have all of them. */
  words?: readonly string[]
}

/** A search query says which connections are searched, in which order, and which page of them is returned: the page with a number, or the page after a place. */
export type SearchQuery = {
  search: SearchScope
  order: SearchOrder
  page: number
  size: number
  after: SearchPlace | undefined
}

type Account = Pick<Tenant, 'tenant_id' | 'external_account_id' | 'company_name' | 'active'>
export type FoundConnection = {
  connection: ConnectionListing
  carrier: Carrier
  advice: Advice
  unverified: Unverified | undefined
  /** `account` owns the connection; it is set where a partner searches through many accounts. */
  account: Account | undefined
}
/** A page of found connections has no `total` where counting would read every connection. */
export type FoundPage = {
  connections: FoundConnection[]
  counts: StateCounts
  total: number | undefined
  next: SearchPlace | undefined
}

/** Where at most this many terms of the search index begin with the rarest word, all connections that have the words are read and sorted for each page. */
const FEW = 2_000

/** Finds one page of connections of either mode: the actor’s own, or those of every account that a partner created. A page after a place costs about as much as the first one; a page by number costs more the later the page is. */
export async function findConnections(ctx: Context, actor: Actor, question: SearchQuery): Promise<FoundPage> {
  const { environment, tenantId, scopes } = actor
  const isPartner = scopes.has('partner')
  if (!isPartner) requireScope(actor, 'read')
  const isOfCarrier = carrierTest(actor, question.search)
  const isOfKind = kindTest(ctx, actor, question.search)
  const look = async (db: Db, reach: SearchReach): Promise<FoundPage> => {
    const kinds = await countKinds(db, reach)
    const counts = countStates(ctx, actor, kinds.filter(isOfCarrier))
    const isWanted: WantedPage = (kind) => isOfCarrier(kind) && isOfKind(kind)
    const { total, ...found } = await search(db, reach, question, { kinds, isWanted })
    const rows = await readRows(db, reach, found.places)
    const accounts = isPartner
      ? await findPartnerNames(db, tenantId, [...new Set(rows.map((row) => row.tenant_id))])
      : []
    const connections = rows.map((connection) => {
      const carrier = storedCarrier(connection.carrier)
      return {
        connection,
        carrier,
        advice: adviseOnConnection(ctx, actor, connection, { carrier }),
        unverified: whyUnverified(ctx, actor, carrier, connection.standing),
        account: accounts.find(({ tenant_id }) => tenant_id === connection.tenant_id),
      }
    })
    return { connections, counts, total, next: found.next }
  }
  return isPartner
    ? ctx.store.cross({ path: 'partner_connections', partnerId: tenantId, environment }, (db) =>
        look(db, { partnerId: tenantId, environment }),
      )
    : ctx.store.read(tenantId, (db) => look(db, { tenantId, environment }))
}

type Kinds = Awaited<ReturnType<typeof countKinds>>
type WantedPage = (kind: Pick<Kinds[number], 'carrier' | 'standing'>) => boolean

async function search(
  db: Db,
  reach: SearchReach,
  { search: { words = [], olderThan }, order, page, size, after }: SearchQuery,
  { kinds, isWanted }: { kinds: Kinds; isWanted: WantedPage },
): Promise<FoundListings & { total: number | undefined }> {
  const skip = after ? 0 : (page - 1) * size
  const { rarest, terms } = await rarestFirst(db, reach, words)
  if (words.length > 0 && terms <= FEW) {
    const all = await findByWords(db, reach, rarest, { order, after })
    const fitting = all.filter(
      (candidate) => isWanted(candidate) && (olderThan === undefined || candidate.since < olderThan),
    )
    const behind = fitting.filter(({ later }) => later === 1).slice(skip)
    const places = behind.slice(0, size)
    const last = behind.length > size ? places.at(-1) : undefined
    const next = last && { key: last.key, carrierId: last.carrier_id, tenantId: last.tenant_id }
    return { places, next, total: fitting.length }
  }
  if (words.length > 0 && skip > 0) refusePage()
  const groups = listingGroups(kinds, isWanted)
  let total: number | undefined
  if (words.length === 0 && olderThan !== undefined) {
    total = 0
    for (const group of groups) total += await countOlder(db, reach, group, olderThan)
  } else if (words.length === 0)
    total = kinds.filter(isWanted).reduce((sum, { connections }) => sum + connections, 0)
  if (total !== undefined && skip >= total) return { places: [], next: undefined, total }
  const walk = { groups, order, after, skip, size, words: rarest, olderThan }
  return { ...(await walkListings(db, reach, walk)), total }
}

async function rarestFirst(db: Db, reach: SearchReach, words: readonly string[]) {
  const counted: { word: string; terms: number }[] = []
  for (const word of words) counted.push({ word, terms: await countTerms(db, reach, word, FEW + 1) })
  counted.sort((one, other) => one.terms - other.terms)
  return { rarest: counted.map(({ word }) => word), terms: counted[0]?.terms ?? 0 }
}

const refusePage = (): never =>
  failFields([
    {
      kind: 'invalid',
      field: 'page',
      message: 'page cannot be counted up to where q finds this many; ask with the cursor that next names.',
    },
  ])
