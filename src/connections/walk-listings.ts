import {
  readListings,
  type Place,
  type Reach,
  type SearchOrder,
  type Seen,
  type Stretch,
} from '../store/tables/connections/search.ts'
import type { Db } from '../store/db.ts'

/** The listings of a page, and where the next page begins; none where there are no more. */
export type Found = { places: Pick<Seen, 'tenant_id' | 'carrier_id'>[]; next: Place | undefined }

export type Walk = {
  stretches: readonly Stretch[]
  order: SearchOrder
  after: Place | undefined
  /** How many that fit are passed over before the page begins. */
  skip: number
  size: number
  words: readonly string[]
  olderThan: string | undefined
}

/** One statement reads so many listings, over all stretches together. */
const READ = 4_000
const LEAST = 20
const MOST = 1_000
/** So many listings are looked at for one page, where most of them may not fit: then the page may be a short one, with another behind it. */
const LOOKED_AT = 10_000

const placeOf = ({ key, carrier_id, tenant_id }: Seen): Place => ({
  key,
  carrierId: carrier_id,
  tenantId: tenant_id,
})

/** Walks the listings in order, part by part, until a page is full. */
export async function walkListings(db: Db, reach: Reach, walk: Walk): Promise<Found> {
  const { stretches, order, size, words, olderThan } = walk
  const isByAge = order.by === 'since'
  const mayMiss = words.length > 0 || (olderThan !== undefined && !isByAge)
  const most = Math.min(MOST, Math.max(LEAST, Math.floor(READ / Math.max(1, stretches.length))))
  const places: Seen[] = []
  let { skip } = walk
  let after = walk.after ?? startOf(walk)
  for (let lookedAt = 0; ;) {
    // Where listings may not fit, each part is as large as all before it.
    const wanted = mayMiss ? Math.max(2 * size, LEAST, lookedAt) : skip + size - places.length + 1
    const limit = Math.min(most, wanted)
    const part = await readListings(db, reach, stretches, order, { after, limit, words })
    for (const seen of part) {
      const isOlder = olderThan === undefined || seen.since < olderThan
      if (!isOlder && isByAge) return { places, next: undefined }
      if (!isOlder || seen.fits === 0) continue
      if (skip > 0) skip -= 1
      else if (places.length < size) places.push(seen)
      else return { places, next: placeOf(places.at(-1) as Seen) }
    }
    lookedAt += part.length
    const last = part.at(-1)
    if (!last || part.length < limit) return { places, next: undefined }
    after = placeOf(last)
    if (mayMiss && skip === 0 && lookedAt >= LOOKED_AT) return { places, next: after }
  }
}

/** Those longest in their state last: what is not old enough stands before. */
const startOf = ({ order: { by, direction }, olderThan }: Walk): Place | undefined =>
  by === 'since' && direction === 'desc' && olderThan !== undefined
    ? { key: olderThan, carrierId: '', tenantId: '' }
    : undefined
