import type { Database, Inspection, Store, ReportTrouble } from './db.ts'
import { namePostgres } from './postgres/address.ts'

// Each driver is loaded only when its database is used, so a start on SQLite does not wait for the driver of PostgreSQL.
const sqlite = () => import('./sqlite/open.ts')
const postgres = () => import('./postgres/open.ts')

/** Reads which migrations, key terms and connections the database holds, without changing a byte of the database. */
export async function inspectStore(database: Database): Promise<Inspection> {
  if (database.kind === 'sqlite') return (await sqlite()).inspectSqlite(database.path)
  return (await postgres()).inspectPostgres(database.url.reveal())
}

/** Opens the database, brings its schema up to date, and checks that the database keeps acknowledged writes. Throws `StartRefused` where one of these fails. */
export async function openStore(database: Database, pool: number, tell: ReportTrouble): Promise<Store> {
  if (database.kind === 'sqlite') return (await sqlite()).openSqlite(database.path, { tell })
  return (await postgres()).openPostgres(database.url.reveal(), pool, { tell })
}

/** Names the database for the operator, without the password of its URL. */
export function nameDatabase(database: Database): string {
  return database.kind === 'sqlite' ? `the SQLite file ${database.path}` : namePostgres(database.url.reveal())
}
