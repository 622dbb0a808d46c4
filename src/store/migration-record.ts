import { StartRefused } from '../errors.ts'
import { MIGRATION_TABLE } from './migration-names.ts'

/** `NEEDED_TABLES` are the tables that an installation needs in order to start. */
export const NEEDED_TABLES = ['installation', 'key_term', 'connection']

const BACKUP = 'restore the database from a backup'
const UNCHANGED = 'Nothing was changed.'

/**
 * Throws `StartRefused` where the record of applied migrations does not fit the existing tables, because rows or tables were removed.
 * `names` are the migrations in order. The first start adds the record and the tables in one transaction, so a difference can only come later.
 */
export function requireWholeRecord(
  where: string,
  found: { tables: ReadonlySet<string>; migrated: readonly string[] },
  names: readonly string[],
): void {
  const { tables, migrated } = found
  const isThere = NEEDED_TABLES.every((table) => tables.has(table))
  if (!tables.has(MIGRATION_TABLE) && isThere)
    throw new StartRefused(
      `${capital(where)} has the tables of an installation, but not the table ${MIGRATION_TABLE}, the record of how far they are: it was removed. To go on, ${BACKUP}. ${UNCHANGED}`,
    )
  const lost = NEEDED_TABLES.filter((table) => !tables.has(table))
  if (migrated.length > 0 && lost.length > 0)
    throw new StartRefused(
      `${capital(where)} has lost the table ${lost.join(' and the table ')}. To go on, ${BACKUP}: what stood there is gone. ${UNCHANGED}`,
    )
  const last = names.findLastIndex((name) => migrated.includes(name))
  const missing = names.slice(0, last + 1).filter((name) => !migrated.includes(name))
  if (missing.length > 0) throw new StartRefused(describeLost(where, missing))
}

/** Writes the refusal for a database in which the migrations `missing` were carried out, although its record does not have them. */
export function describeLost(where: string, missing: readonly string[]): string {
  const rows = missing.map((name) => `('${name}', '')`).join(', ')
  return `${capital(where)} is changed already as ${missing.join(', ')} ${missing.length === 1 ? 'does' : 'do'}, but its table ${MIGRATION_TABLE} has no row that says so: the row was removed. To go on, ${BACKUP} or, where nothing else was removed, put it back: insert into ${MIGRATION_TABLE} (name, timestamp) values ${rows}; "hawser doctor" then compares the whole schema. ${UNCHANGED}`
}

// These are the SQLSTATEs duplicate_table, duplicate_column, duplicate_object and duplicate_function.
const THERE_ALREADY = new Set(['42P07', '42701', '42710', '42723'])

/** Says whether a migration failed because the table, column or function that it creates exists already. */
export function isThereAlready(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, errcode } = error as Error & { code?: string; errcode?: number }
  if (errcode !== undefined)
    return errcode === 1 && /already exists|duplicate column name/.test(error.message)
  return THERE_ALREADY.has(code ?? '')
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
