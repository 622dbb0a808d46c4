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
  type Place,
  type Reach,
  type SearchOrder,
} from '../store/tables/connections/search.ts'
import type { Db } from '../store/db.ts'
import type { ConnectionListing, Tenant } from '../store/schema/tables.ts'
import { adviceOf, type Advice } from './verification/advice.ts'
import {
  carrierTest,
  countStates,
  kindTest,
  stretchesOf,
  type KindFilter,
  type StateCounts,
} from './search-kinds.ts'
import { whyUnverified, type Unverified } from './verification/why-unverified.ts'
import { walkListings, type Found } from './walk-listings.ts'

export type { Place, SearchOrder } from '../store/tables/connections/search.ts'
export { wordsOf } from '../store/tables/connections/search-terms.ts'

export type Search = KindFilter & {
  /** In its state since before this time. */
  olderThan?: string
  /** Beginnings of words, of the nickname, the account number and the id; all of them have to be there. */
  words?: readonly string[]
}

/** Which connections, in which order, and which page of them: by its number, or behind a place. */
export type Question = {
  search: Search
  order: SearchOrder
  page: number
  size: number
  after: Place | undefined
}

type Account = Pick<Tenant, 'tenant_id' | 'external_account_id' | 'company_name' | 'active'>
export type FoundConnection = {
  connection: ConnectionListing
  carrier: Carrier
  advice: Advice
  unverified: Unverified | undefined
  /** Whose it is, where a partner looks through many accounts. */
  account: Account | undefined
}
/** `total` is absent where it would take a look at every connection. */
export type FoundPage = {
  connections: FoundConnection[]
  counts: StateCounts
  total: number | undefined
  next: Place | undefined
}

/** As many terms as may begin with a word whose connections are gathered and sorted for each page. */
const FEW = 2_000

/** Finds one page of connections of either mode: the actor's own, or those of every account that a partner created; every page costs about what the first one does. */
export async function findConnections(ctx: Context, actor: Actor, question: Question): Promise<FoundPage> {
  const { environment, tenantId, scopes } = actor
  const isPartner = scopes.has('partner')
  if (!isPartner) requireScope(actor, 'read')
  const isOfCarrier = carrierTest(actor, question.search)
  const isOfKind = kindTest(ctx, actor, question.search)
  const look = async (db: Db, reach: Reach): Promise<FoundPage> => {
    const kinds = await countKinds(db, reach)
    const counts = countStates(ctx, actor, kinds.filter(isOfCarrier))
    const isWanted: Wanted = (kind) => isOfCarrier(kind) && isOfKind(kind)
    const { total, ...found } = await search(db, reach, question, kinds, isWanted)
    const rows = await readRows(db, reach, found.places)
    const accounts = isPartner
      ? await findPartnerNames(db, tenantId, [...new Set(rows.map((row) => row.tenant_id))])
      : []
    const connections = rows.map((connection) => {
      const carrier = storedCarrier(connection.carrier)
      return {
        ...{ connection, carrier, advice: adviceOf(ctx, actor, connection, carrier) },
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
type Wanted = (kind: Pick<Kinds[number], 'carrier' | 'standing'>) => boolean

async function search(
  db: Db,
  reach: Reach,
  { search: { words = [], olderThan }, order, page, size, after }: Question,
  kinds: Kinds,
  isWanted: Wanted,
): Promise<Found & { total: number | undefined }> {
  const skip = after ? 0 : (page - 1) * size
  const { rarest, terms } = await rarestFirst(db, reach, words)
  if (words.length > 0 && terms <= FEW) {
    const all = await findByWords(db, reach, rarest, order, after)
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
  const stretches = stretchesOf(kinds, isWanted)
  let total: number | undefined
  if (words.length === 0 && olderThan !== undefined) {
    total = 0
    for (const stretch of stretches) total += await countOlder(db, reach, stretch, olderThan)
  } else if (words.length === 0)
    total = kinds.filter(isWanted).reduce((sum, { connections }) => sum + connections, 0)
  if (total !== undefined && skip >= total) return { places: [], next: undefined, total }
  const walk = { stretches, order, after, skip, size, words: rarest, olderThan }
  return { ...(await walkListings(db, reach, walk)), total }
}

async function rarestFirst(db: Db, reach: Reach, words: readonly string[]) {
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
