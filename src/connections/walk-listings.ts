import {
  readListings,
  type SearchPlace,
  type SearchReach,
  type SearchOrder,
  type ListingPlace,
  type ListingGroup,
} from '../store/tables/connections/search.ts'
import type { Db } from '../store/db.ts'

/** Describes the listings of a page, and the place after which the next page begins; `next` is absent where there are no more listings. */
export type FoundListings = {
  places: Pick<ListingPlace, 'tenant_id' | 'carrier_id'>[]
  next: SearchPlace | undefined
}

export type ListingWalk = {
  groups: readonly ListingGroup[]
  order: SearchOrder
  after: SearchPlace | undefined
  /** `skip` is the number of fitting listings that are passed over before the page begins. */
  skip: number
  size: number
  words: readonly string[]
  olderThan: string | undefined
}

/** One statement reads at most this many listings, over all groups together. */
const READ = 4_000
const LEAST = 20
const MOST = 1_000
/** About this many listings are read for one page where most of them may not fit; the page may then be short, although another page follows. */
const LOOKED_AT = 10_000

const placeOf = ({ key, carrier_id, tenant_id }: ListingPlace): SearchPlace => ({
  key,
  carrierId: carrier_id,
  tenantId: tenant_id,
})

/** Walks the listings in order, part by part, until a page is full. */
export async function walkListings(db: Db, reach: SearchReach, walk: ListingWalk): Promise<FoundListings> {
  const { groups, order, size, words, olderThan } = walk
  const isByAge = order.by === 'since'
  const mayMiss = words.length > 0 || (olderThan !== undefined && !isByAge)
  const most = Math.min(MOST, Math.max(LEAST, Math.floor(READ / Math.max(1, groups.length))))
  const places: ListingPlace[] = []
  let { skip } = walk
  let after = walk.after ?? startOf(walk)
  for (let lookedAt = 0; ;) {
    // Where listings may not fit, each part is as large as all before it.
    const wanted = mayMiss ? Math.max(2 * size, LEAST, lookedAt) : skip + size - places.length + 1
    const limit = Math.min(most, wanted)
    const part = await readListings(db, reach, groups, { order, after, limit, words })
    for (const seen of part) {
      const isOlder = olderThan === undefined || seen.since < olderThan
      if (!isOlder && isByAge) return { places, next: undefined }
      if (!isOlder || seen.fits === 0) continue
      if (skip > 0) skip -= 1
      else if (places.length < size) places.push(seen)
      else return { places, next: placeOf(places.at(-1) as ListingPlace) }
    }
    lookedAt += part.length
    const last = part.at(-1)
    if (!last || part.length < limit) return { places, next: undefined }
    after = placeOf(last)
    if (mayMiss && skip === 0 && lookedAt >= LOOKED_AT) return { places, next: after }
  }
}

/** Returns the place where the walk starts. In the order from the latest change of state to the earliest, the walk starts after the connections that are not old enough; otherwise the walk starts at the first listing, and the result is `undefined`. */
const startOf = ({ order: { by, direction }, olderThan }: ListingWalk): SearchPlace | undefined =>
  by === 'since' && direction === 'desc' && olderThan !== undefined
    ? { key: olderThan, carrierId: '', tenantId: '' }
    : undefined
