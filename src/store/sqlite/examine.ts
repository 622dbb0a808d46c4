import type { DatabaseSync } from 'node:sqlite'
import type { DatabaseFault } from '../db.ts'
import { reasonOf } from '../database-failures.ts'
import { isSqliteUnavailable } from '../errors.ts'
import { findOrphans, findStrays, type RunStatement } from '../schema/orphans.ts'
import { compareSchemas, type SchemaPart } from '../schema/compare-schemas.ts'
import { openReadOnly } from './read-only.ts'

const BUSY_MS = 5_000
/** At most `MOST_TOLD` faults of damage are reported, because one remedy serves for all of them. */
const MOST_TOLD = 20

/**
 * Checks every page and index of a SQLite file, compares its schema with `expected`, and looks for rows whose parent row does not exist.
 * The examination keeps no writer waiting, but the log cannot be emptied while it reads.
 */
export async function examineSqlite(path: string, expected: readonly SchemaPart[]): Promise<DatabaseFault[]> {
  try {
    const db = openReadOnly(path, BUSY_MS)
    try {
      const damage = findDamage(db, path)
      if (damage.some(({ isReadable }) => !isReadable)) return damage
      const schema = compareSchemas(expected, readSqliteSchema(db))
      const faults = [...damage, ...schema]
      if (faults.some(({ isReadable }) => !isReadable)) return faults
      return [...faults, ...(await findLost(db, expected))]
    } finally {
      db.close()
    }
  } catch (error) {
    if (!isSqliteUnavailable(error)) throw error
    const code = `SQLite ${(error as { errcode?: number }).errcode}`
    return [damaged(path, `it cannot be read (${code}: ${reasonOf(code) ?? 'unknown'})`)]
  }
}

/** Reads the parts of the schema of a SQLite database. */
export function readSqliteSchema(db: DatabaseSync): SchemaPart[] {
  const objects = db
    .prepare(
      `select type as kind, name, tbl_name as "table", sql from sqlite_schema
       where sql is not null and name not like 'sqlite^_%' escape '^' order by type, name`,
    )
    .all() as unknown as (Pick<SchemaPart, 'kind' | 'name' | 'table'> & { sql: string })[]
  const parts = objects.map(({ sql, ...part }) => ({ ...part, definition: plain(sql) }))
  const columns = db.prepare(
    `select name, type, "notnull", dflt_value as "default" from pragma_table_xinfo(?)`,
  )
  return parts.flatMap((part) => {
    if (part.kind !== 'table') return [part]
    const rows = columns.all(part.name) as SqliteColumn[]
    return [part, ...rows.map((column) => columnPart(part.name, column))]
  })
}

type SqliteColumn = { name: string; type: string; notnull: number; default: string | null }

function columnPart(table: string, { name, type, notnull, default: value }: SqliteColumn): SchemaPart {
  let definition = type
  if (notnull) definition += ' not null'
  if (value !== null) definition += ` default ${value}`
  return { kind: 'column', table, name, definition }
}

/** Removes quotes and repeated spaces, which do not matter to SQLite but stay in the text that SQLite keeps. */
const plain = (sql: string) => sql.replaceAll('"', '').replace(/\s+/g, ' ')

function findDamage(db: DatabaseSync, path: string): DatabaseFault[] {
  const told = (db.prepare(`pragma integrity_check(${MOST_TOLD})`).all() as { integrity_check: string }[])
    .flatMap(({ integrity_check }) => integrity_check.split('\n'))
    .filter((line) => line !== 'ok' && line !== '')
  if (told.length === 0) return []
  const ofIndexes = /(missing from index|entries in index) (\w+)$/
  if (!told.every((line) => ofIndexes.test(line))) return [damaged(path, told.slice(0, MOST_TOLD).join('; '))]
  const names = new Set(told.map((line) => ofIndexes.exec(line)?.[2] ?? ''))
  return [...names].sort().map((name) => ({
    kind: 'damage',
    isReadable: true,
    what: `the index ${name} does not hold the rows of its table`,
    remedy: `Run sqlite3 ${path} "reindex ${name}". Where it comes again, the disk is failing.`,
  }))
}

const damaged = (path: string, why: string): DatabaseFault => ({
  kind: 'damage',
  isReadable: false,
  what: `the database file ${path} is damaged: ${why}`,
  remedy:
    'Stop every server, keep the file with its -wal and -shm, and restore the last backup that "hawser doctor" finds whole; "sqlite3 <file> .recover" brings back what can still be read. Look for a failing disk.',
})

function findLost(db: DatabaseSync, expected: readonly SchemaPart[]): Promise<DatabaseFault[]> {
  const ask: RunStatement = (statement) =>
    Promise.resolve(db.prepare(statement).all() as Record<string, unknown>[])
  const owned = expected.filter(({ kind, name }) => kind === 'column' && name === 'tenant_id')
  const tables = owned.map(({ table }) => table).filter((table) => table !== 'tenant')
  return Promise.all([findStrays(ask, tables), findOrphans(ask)]).then((found) => found.flat())
}
