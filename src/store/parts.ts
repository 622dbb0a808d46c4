const MOST_ROWS = 500

/** Rows in parts that one statement takes: a statement may not have more values than a database can number. */
export function inParts<Row>(rows: readonly Row[]): Row[][] {
  const count = Math.ceil(rows.length / MOST_ROWS)
  return Array.from({ length: count }, (_, part) => rows.slice(part * MOST_ROWS, (part + 1) * MOST_ROWS))
}
