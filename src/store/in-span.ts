import { sql, type RawBuilder, type SqlBool } from 'kysely'
import type { PageSpan } from './pages.ts'

/** Returns the condition that a row lies in `span`, a part of the list that these two columns order; the keys of the span name the columns without their table. */
export function inSpan<Key extends Readonly<Record<string, string>>>(
  columns: readonly [first: string, second: string],
  { after, last }: PageSpan<Key>,
  order: 'ascending' | 'descending',
): RawBuilder<SqlBool> {
  const row = sql.join(columns.map((column) => sql.ref(column)))
  const placeOf = (key: Key) => sql.join(columns.map((column) => key[column.replace(/^.*\./, '')]))
  const [later, upTo] = order === 'ascending' ? [sql`>`, sql`<=`] : [sql`<`, sql`>=`]
  const isAfter = after && sql<SqlBool>`(${row}) ${later} (${placeOf(after)})`
  const isUpTo = last && sql<SqlBool>`(${row}) ${upTo} (${placeOf(last)})`
  if (isAfter && isUpTo) return sql<SqlBool>`${isAfter} and ${isUpTo}`
  return isAfter ?? isUpTo ?? sql<SqlBool>`true`
}
