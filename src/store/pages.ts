/** Rows that one statement goes through at most: it cannot give way, and others can go on between two of them. */
export const PART = 2_000

/** The rows that come after one in the order of a list, up to another: one of them is the whole list. */
export type Span<Key> = { after?: Key | undefined; last?: Key | undefined }

/** A list in an order, as `findPage` goes through it. */
export type Ordered<Row, Key> = {
  /** The key of the row that comes `PART` rows after another, filtered out or not; nothing where fewer are left. */
  boundary: (after: Key | undefined) => Promise<Key | undefined>
  /** How many rows of a span match. */
  count: (span: Span<Key>) => Promise<number>
  rows: (span: Span<Key>, page: { limit: number; offset: number }) => Promise<Row[]>
  /** How many match in all, where that is known: then what comes after the page is not looked at. */
  total?: number | undefined
}

/** One page of a list, and how many rows match; the list is gone through in parts, however far the page is. */
export async function findPage<Row, Key>(
  { limit, offset }: { limit: number; offset: number },
  { boundary, count, rows, total }: Ordered<Row, Key>,
): Promise<{ rows: Row[]; total: number }> {
  if (total !== undefined && offset >= total) return { rows: [], total }
  if (total !== undefined && offset + limit <= PART) return { rows: await rows({}, { limit, offset }), total }
  const page: Row[] = []
  let seen = 0
  for (let after: Key | undefined; ;) {
    const last = await boundary(after)
    const matching = await count({ after, last })
    const skipped = Math.max(0, offset - seen)
    if (page.length < limit && skipped < matching)
      page.push(...(await rows({ after, last }, { limit: limit - page.length, offset: skipped })))
    seen += matching
    if (last === undefined) return { rows: page, total: total ?? seen }
    if (total !== undefined && page.length === Math.min(limit, total - offset)) return { rows: page, total }
    after = last
  }
}
