import type { Database, Inspection, Store, Tell } from './db.ts'
import { namePostgres } from './postgres/address.ts'

// A driver is loaded when its database is used: neither waits for the other.
const sqlite = () => import('./sqlite/open.ts')
const postgres = () => import('./postgres/open.ts')

/** Looks at the database without changing a byte of it. */
export async function inspectStore(database: Database): Promise<Inspection> {
  if (database.kind === 'sqlite') return (await sqlite()).inspectSqlite(database.path)
  return (await postgres()).inspectPostgres(database.url.reveal())
}

/** Opens the database, brings its schema up to date, and checks that it keeps what it acknowledges; throws `StartRefused` otherwise. */
export async function openStore(database: Database, pool: number, tell: Tell): Promise<Store> {
  if (database.kind === 'sqlite') return (await sqlite()).openSqlite(database.path, { tell })
  return (await postgres()).openPostgres(database.url.reveal(), pool, { tell })
}

/** Names the database for the operator, without the password of its URL. */
export function nameDatabase(database: Database): string {
  return database.kind === 'sqlite' ? `the SQLite file ${database.path}` : namePostgres(database.url.reveal())
}
