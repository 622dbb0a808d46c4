import { PostgresAdapter, type Kysely, type Transaction } from 'kysely'
import type { Secret } from '../secret.ts'
import type { Environment, KeyTerm, Schema } from './schema/tables.ts'

export type Dialect = 'sqlite' | 'postgres'

/** A database is named by the path of a SQLite file or by the URL of a PostgreSQL database. */
export type Database = { kind: 'sqlite'; path: string } | { kind: 'postgres'; url: Secret<string> }

/** A query reads from a `Db`, which is a reading connection or a transaction. */
export type Db = Kysely<Schema>

/** A query writes to a `Tx`; only `Store.transaction` makes one. */
export type Tx = Transaction<Schema>

/** Says whether the database of `tx` locks rows: PostgreSQL does, and SQLite has a single writer instead. */
export function locksRows(tx: Tx): boolean {
  return tx.getExecutor().adapter instanceof PostgresAdapter
}

/**
 * A crossing is one of the few paths on which a query may look across tenants.
 * `authenticate` finds the owner of an API key, and `operate` serves the operator's command line.
 * `partner` shows a partner the accounts that the partner created, and `partner_connections` shows the listings of the connections of these accounts in one environment.
 * `deliver` finds the tenants that have webhooks to deliver or a replaced webhook secret to erase, and `check` finds the connections that are to be checked.
 * `erase` finds the sealed bytes that are to be erased, and `sign_in` finds the owner of the sign-in that a state belongs to.
 * No crossing reads the table `connection`, the audit log, or the content and the receiver of a webhook.
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

/** A `ReportTrouble` reports that background work of the store has failed, or that such work succeeds again. */
export type ReportTrouble = (what: string, error?: unknown) => void

/** Describes how the files of the database treat the bytes of rows that were removed. */
export type DatabaseFiles =
  | { dialect: 'sqlite'; logBytes: number; secureDelete: boolean }
  | {
      dialect: 'postgres'
      /** `mayVacuum` says whether Hawser may vacuum the tables itself; otherwise autovacuum does the work. */
      mayVacuum: boolean
      tables: { table: string; deadRows: number; vacuumedAt: string | null }[]
    }

/**
 * A database fault is something wrong with a database: `what` is a clause that can follow a colon, and `remedy` says what the operator can do.
 * Where `isReadable` is `false`, the rest of the database is not examined.
 */
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
   * Runs `work` as one durable transaction of one tenant; the transactions of a tenant run one after the other.
   * The store may run `work` again after a conflict, so `work` decides from the rows that it reads through `tx`, awaits only queries, and keeps nothing outside.
   */
  transaction<T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T>

  /** Runs queries that only read, along one of the named paths across tenants. */
  cross<T>(crossing: Crossing, work: (db: Db) => Promise<T>): Promise<T>

  /** Describes for the operator how the files of the database treat the bytes of removed rows. */
  describeFiles(): Promise<DatabaseFiles>

  /** Lists what is wrong with the pages of the database, with its schema, and with rows whose parent is missing. The examination keeps no writer waiting. */
  examine(): Promise<DatabaseFault[]>

  close(): Promise<void>
}

/** An inspection describes the content of the database before anything is written to it. */
export type Inspection = {
  /** `hasSchema` says whether the tables of an installation exist, even if they are empty. */
  hasSchema: boolean
  migrated: string[]
  installationId: string | undefined
  terms: KeyTerm[]
  /** `hasConnections` says whether the database holds a connection, and with it sealed credentials. */
  hasConnections: boolean
}

/** `NOTHING_YET` is the inspection of a database without any tables of Hawser. */
export const NOTHING_YET: Inspection = {
  hasSchema: false,
  migrated: [],
  installationId: undefined,
  terms: [],
  hasConnections: false,
}
