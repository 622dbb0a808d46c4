import type { Kysely, Transaction } from 'kysely'
import type { Secret } from '../secret.ts'
import type { KeyTerm, Schema } from './schema.ts'

export type Dialect = 'sqlite' | 'postgres'

/** Where the database is. */
export type Database = { kind: 'sqlite'; path: string } | { kind: 'postgres'; url: Secret<string> }

/** What a query reads from: a reading connection, or the transaction it stands in. */
export type Db = Kysely<Schema>

/** What a query writes to. Only `Store.transaction` makes one. */
export type Tx = Transaction<Schema>

/**
 * The paths that may look across tenants, all of them: finding the owner of an API key, the operator's command line,
 * and a partner's view of the accounts it created. None reaches a connection or the audit log.
 */
export type Crossing = { path: 'authenticate' } | { path: 'operate' } | { path: 'partner'; partnerId: string }

export type Store = {
  dialect: Dialect

  /** Runs queries that only read, for one tenant, on a connection that never sees uncommitted work. */
  read<T>(tenantId: string, work: (db: Db) => Promise<T>): Promise<T>

  /**
   * Runs `work` as one durable transaction of one tenant; writers of a tenant take turns.
   * `work` may run again after a conflict: it decides from what it reads through `tx`, awaits nothing but queries, and keeps nothing outside.
   */
  transaction<T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T>

  /** Runs queries that only read, along one of the named paths across tenants. */
  cross<T>(crossing: Crossing, work: (db: Db) => Promise<T>): Promise<T>

  close(): Promise<void>
}

/** What the database holds before anything is written to it. */
export type Inspection = { migrated: string[]; installationId: string | undefined; terms: KeyTerm[] }

/** Looks at the database without changing a byte of it. */
export async function inspectStore(database: Database): Promise<Inspection> {
  if (database.kind === 'sqlite') return (await import('./sqlite.ts')).inspectSqlite(database.path)
  return (await import('./postgres.ts')).inspectPostgres(database.url.reveal())
}

/** Opens the database, brings its schema up to date, and checks that it keeps what it acknowledges; throws `StartRefused` otherwise. */
export async function openStore(database: Database, pool: number): Promise<Store> {
  if (database.kind === 'sqlite') return (await import('./sqlite.ts')).openSqlite(database.path)
  return (await import('./postgres.ts')).openPostgres(database.url.reveal(), pool)
}
