import { PostgresAdapter, type Kysely, type Transaction } from 'kysely'
import type { Secret } from '../secret.ts'
import type { Environment, KeyTerm, Schema } from './schema/tables.ts'

export type Dialect = 'sqlite' | 'postgres'

/** Where the database is. */
export type Database = { kind: 'sqlite'; path: string } | { kind: 'postgres'; url: Secret<string> }

/** What a query reads from: a reading connection, or the transaction it stands in. */
export type Db = Kysely<Schema>

/** What a query writes to. Only `Store.transaction` makes one. */
export type Tx = Transaction<Schema>

/** Whether the database has locks on rows; the other one has a single writer. */
export function locksRows(tx: Tx): boolean {
  return tx.getExecutor().adapter instanceof PostgresAdapter
}

/**
 * The paths that may look across tenants, all of them: finding the owner of an API key, the operator's command line,
 * a partner's view of the accounts it created, and its view of the listings of their connections in one environment, which tenants have webhooks to deliver or a replaced secret of one to erase, which connections are to be checked,
 * which sealed bytes have come to their end, and whose sign-in one state belongs to. None reaches a connection in force, the audit log, or what a webhook says and to whom.
 */
export type Crossing =
  | { path: 'authenticate' }
  | { path: 'operate' }
  | { path: 'partner'; partnerId: string }
  | { path: 'partner_connections'; partnerId: string; environment: Environment }
  | { path: 'deliver' }
  | { path: 'sign_in'; stateHash: Uint8Array }
  | { path: 'check' }
  | { path: 'erase' }

/** Is told what the store does by itself, when it fails and when it goes well again. */
export type Tell = (what: string, error?: unknown) => void

/** What the files of the database do with the bytes of rows that were removed. */
export type DatabaseFiles =
  | { dialect: 'sqlite'; logBytes: number; secureDelete: boolean }
  | {
      dialect: 'postgres'
      /** Whether the server vacuums; otherwise that is left to autovacuum. */
      mayVacuum: boolean
      tables: { table: string; deadRows: number; vacuumedAt: string | null }[]
    }

/** What is wrong with a database, in a clause that can stand after a colon, and a remedy; where it cannot be read, the rest of it is not looked at. */
export type DatabaseFault = {
  kind: 'damage' | 'schema' | 'orphans'
  what: string
  remedy: string
  isReadable: boolean
}

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

  /** Says what the files do with the bytes of removed rows, for the operator. */
  describeFiles(): Promise<DatabaseFiles>

  /** Says what is wrong with the database as a whole: its pages, its schema, and rows that belong to nothing. It keeps no writer waiting. */
  examine(): Promise<DatabaseFault[]>

  close(): Promise<void>
}

/** What the database holds before anything is written to it. */
export type Inspection = {
  /** Whether the tables of an installation are there, be they empty. */
  hasSchema: boolean
  migrated: string[]
  installationId: string | undefined
  terms: KeyTerm[]
  /** Whether there is a connection, with what is sealed in it. */
  hasConnections: boolean
}

/** What is found where nothing is yet. */
export const NOTHING_YET: Inspection = {
  hasSchema: false,
  migrated: [],
  installationId: undefined,
  terms: [],
  hasConnections: false,
}
