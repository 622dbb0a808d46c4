const MOST_ROWS = 500

/** Rows in parts that one statement takes: a statement may not have more values than a database can number. */
export function inParts<Row>(rows: readonly Row[]): Row[][] {
  const count = Math.ceil(rows.length / MOST_ROWS)
  return Array.from({ length: count }, (_, part) => rows.slice(part * MOST_ROWS, (part + 1) * MOST_ROWS))
}

/** Asks about rows part by part, and answers what is found in all of them. */
export async function findInParts<Row, Found>(
  rows: readonly Row[],
  find: (part: Row[]) => Promise<Found[]>,
): Promise<Found[]> {
  const found: Found[] = []
  for (const part of inParts(rows)) found.push(...(await find(part)))
  return found
}
