/** `PART` is the largest number of rows that one statement goes through; a statement cannot be interrupted, and other requests are served between two statements. */
export const PART = 2_000

/** A span holds the rows of an ordered list after the key `after`, up to and with the key `last`; a span without both keys is the whole list. */
export type PageSpan<Key> = { after?: Key | undefined; last?: Key | undefined }

/** An ordered list gives `findPage` the queries that find a page in parts. */
export type OrderedList<Row, Key> = {
  /** `boundary` returns the key of the row that comes `PART` rows after the key `after`, whether the row matches or not; it returns `undefined` where fewer rows are left. */
  boundary: (after: Key | undefined) => Promise<Key | undefined>
  /** `count` returns the number of matching rows in a span. */
  count: (span: PageSpan<Key>) => Promise<number>
  rows: (span: PageSpan<Key>, page: { limit: number; offset: number }) => Promise<Row[]>
  /** `total` is the number of all matching rows where that number is known; then the rows after the page are not read. */
  total?: number | undefined
}

/** Returns one page of a list and the number of all matching rows; it reads the list in parts, so no statement is long even for a late page. */
export async function findPage<Row, Key>(
  { limit, offset }: { limit: number; offset: number },
  { boundary, count, rows, total }: OrderedList<Row, Key>,
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
