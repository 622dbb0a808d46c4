const MOST_ROWS = 500

/** Divides rows into parts of at most 500, because a database limits the number of values in one statement. */
export function inChunks<Row>(rows: readonly Row[]): Row[][] {
  const count = Math.ceil(rows.length / MOST_ROWS)
  return Array.from({ length: count }, (_, part) => rows.slice(part * MOST_ROWS, (part + 1) * MOST_ROWS))
}

/** Calls `find` for each part of `rows`, and returns the results of all parts together. */
export async function findInParts<Row, Found>(
  rows: readonly Row[],
  find: (part: Row[]) => Promise<Found[]>,
): Promise<Found[]> {
  const found: Found[] = []
  for (const part of inChunks(rows)) found.push(...(await find(part)))
  return found
}
