import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import {
  CompiledQuery,
  Kysely,
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
  type DatabaseConnection,
  type SqliteDatabase,
} from 'kysely'
import { StartRefused } from '../../errors.ts'
import { realPath } from '../../real-path.ts'
import { createLock, turns } from '../../turns.ts'
import {
  NOTHING_YET,
  type DatabaseFault,
  type Db,
  type Inspection,
  type Store,
  type ReportTrouble,
} from '../db.ts'
import { BUSY, isSqlite, withoutDriverErrors } from '../errors.ts'
import { isUpToDate, migrate, migrations } from '../migrate.ts'
import { MIGRATION_TABLE } from '../migration-names.ts'
import { requireWholeRecord } from '../migration-record.ts'
import type { KeyTerm, Schema } from '../schema/tables.ts'
import { createCheckpoints, sizeOf } from './checkpoints.ts'
import { openReadOnly } from './read-only.ts'
import { rememberFiles } from './same-files.ts'
import { refuseUnusable } from './usable.ts'

const BUSY_MS = 5_000
const FULL = 2
const KEPT_STATEMENTS = 256

/** Inspects a SQLite file, as `inspectStore` promises. A write-ahead log that a crash left behind is read and not changed. */
export async function inspectSqlite(link: string): Promise<Inspection> {
  const path = realPath(link)
  if (!existsSync(path)) return NOTHING_YET
  return refuseUnusable(path, async () => {
    const db = openReadOnly(path, BUSY_MS)
    try {
      const named = db.prepare(`select name from sqlite_schema where type = 'table'`).all()
      const tables = new Set(named.map(({ name }) => String(name)))
      const migrated = (
        tables.has(MIGRATION_TABLE) ? db.prepare(`select name from ${MIGRATION_TABLE}`).all() : []
      ) as { name: string }[]
      const found = { tables, migrated: migrated.map(({ name }) => name) }
      requireWholeRecord(`the SQLite file ${path}`, found, Object.keys(migrations))
      if (!tables.has(MIGRATION_TABLE) || !tables.has('key_term')) return NOTHING_YET
      const installation = db.prepare('select id from installation').get() as { id: string } | undefined
      const terms = db.prepare('select * from key_term order by term').all() as unknown as KeyTerm[]
      const connection = db.prepare('select 1 from connection limit 1').get()
      return {
        hasSchema: true,
        migrated: found.migrated,
        installationId: installation?.id,
        terms,
        hasConnections: connection !== undefined,
      }
    } finally {
      db.close()
    }
  })
}

type SqliteOptions = {
  tell?: ReportTrouble
  /** `secureDelete` is `false` only in tests, which show that removed bytes would stay in the file without it. */
  secureDelete?: boolean
}

/** Opens a SQLite file, as `openStore` promises. One connection writes and another one reads; a new file is readable by its owner only. */
export async function openSqlite(
  link: string,
  { tell = () => {}, secureDelete = true }: SqliteOptions = {},
): Promise<Store> {
  const path = realPath(link)
  return refuseUnusable(path, async () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    closeSync(openSync(path, 'a', 0o600))
    const file = openDurably(path)
    const writer = kysely(file, WRITES)
    const { migrated } = await inspectSqlite(path)
    if (!isUpToDate(migrated)) await migrate(writer as Kysely<unknown>, 'sqlite', `the SQLite file ${path}`)
    // From here on no statement waits inside SQLite, because the whole process would wait with it.
    file.exec('pragma busy_timeout = 0')
    if (!secureDelete) file.exec('pragma secure_delete = off')
    const reader = kysely(new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS }), READS)
    // The first read makes SQLite open the log and the shared memory, whose identity `rememberFiles` needs.
    file.exec('select count(*) from sqlite_schema')
    const files = rememberFiles(path, tell)
    const checkpoints = createCheckpoints(path, tell, { files })
    const alone = createLock()
    const read = <T>(work: (db: Db) => Promise<T>) =>
      withoutDriverErrors(async () => {
        files.requireLately()
        return work(reader)
      })
    return {
      dialect: 'sqlite',
      read: (tenantId, work) => turns.as(tenantId, () => read(work)),
      cross: (_crossing, work) => read(work),
      transaction: (tenantId, work) =>
        withoutDriverErrors(async () => {
          const deadline = performance.now() + BUSY_MS
          const done = await alone({ tenantId, visit: turns.visit() }, () => {
            files.require()
            return whenFree(deadline, () => writer.transaction().execute(work))
          })
          checkpoints.note()
          // A write into files that are gone must not be acknowledged.
          files.require()
          return done
        }),
      describeFiles: async () => ({
        dialect: 'sqlite',
        logBytes: sizeOf(`${path}-wal`),
        secureDelete: readSettings(file).secure_delete === 1,
      }),
      examine: () => examine(path),
      close: async () => {
        await reader.destroy()
        await checkpoints.end()
        await writer.destroy()
      },
    }
  })
}

/** Examines the file at `path` and compares its schema with the schema that the migrations make in memory. */
async function examine(path: string): Promise<DatabaseFault[]> {
  const { examineSqlite, readSqliteSchema } = await import('./examine.ts')
  const empty = new DatabaseSync(':memory:')
  try {
    await migrate(kysely(empty, WRITES) as Kysely<unknown>, 'sqlite', 'a database in memory')
    return await examineSqlite(path, readSqliteSchema(empty))
  } finally {
    empty.close()
  }
}

const LOOK_AGAIN_MS = 10

/** Runs `work` again and again until another process has released the write lock, at most until `deadline`; other requests are served meanwhile. */
async function whenFree<T>(deadline: number, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isSqlite(error, BUSY) || performance.now() > deadline) throw error
      await pause(LOOK_AGAIN_MS)
    }
  }
}

function openDurably(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: BUSY_MS })
  db.exec(
    'pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on; pragma temp_store = memory',
  )
  // Without this, the request that happens to fill the log would also copy it; the checkpoint thread copies the log instead.
  db.exec('pragma wal_autocheckpoint = 0')
  const kept = readSettings(db)
  if (kept.journal_mode !== 'wal' || kept.synchronous !== FULL || kept.secure_delete !== 1) {
    db.close()
    throw new StartRefused(
      'SQLite does not take the settings that keep acknowledged writes (WAL, synchronous FULL).',
    )
  }
  return db
}

const readSettings = (db: DatabaseSync) => ({
  journal_mode: db.prepare('pragma journal_mode').get()?.journal_mode,
  synchronous: db.prepare('pragma synchronous').get()?.synchronous,
  secure_delete: db.prepare('pragma secure_delete').get()?.secure_delete,
})

const kysely = (db: DatabaseSync, manners: Manners) =>
  new Kysely<Schema>({ dialect: new NodeSqliteDialect(db, manners) })

function forKysely(db: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, StatementSync>()
  const prepare = (sql: string) => {
    const known = statements.get(sql)
    if (known) return known
    if (statements.size >= KEPT_STATEMENTS) statements.clear()
    const statement = db.prepare(sql)
    statements.set(sql, statement)
    return statement
  }
  return {
    close: () => db.close(),
    prepare: (sql) => {
      const statement = prepare(sql)
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
        run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
        iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
      }
    },
  }
}

/** SQLite works on the thread that serves every request, so `Manners` say when a connection lets other requests go first. */
type Manners = {
  beforeConnection: () => Promise<void> | undefined
  beforeStatement: () => Promise<void> | undefined
}

/** With `READS`, a reader lets other requests go first before the reader takes the connection. */
const READS: Manners = { beforeConnection: () => turns.giveWay(), beforeStatement: () => undefined }
/** With `WRITES`, a transaction pauses only briefly between statements, because other requests may wait for its end. */
const WRITES: Manners = { beforeConnection: () => undefined, beforeStatement: () => turns.breathe() }

class NodeSqliteDialect extends SqliteDialect {
  readonly #db: DatabaseSync
  readonly #manners: Manners

  constructor(db: DatabaseSync, manners: Manners) {
    super({ database: forKysely(db) })
    this.#db = db
    this.#manners = manners
  }

  override createDriver() {
    return new ServerDriver(this.#db, this.#manners)
  }

  override createAdapter() {
    return new TransactionalDdlAdapter()
  }
}

/** A `ServerDriver` makes a transaction take the write lock at its start, and lets other requests go first as its `Manners` say. */
class ServerDriver extends SqliteDriver {
  readonly #db: DatabaseSync
  readonly #manners: Manners
  #polite: DatabaseConnection | undefined

  constructor(db: DatabaseSync, manners: Manners) {
    super({ database: forKysely(db) })
    this.#db = db
    this.#manners = manners
  }

  override async acquireConnection() {
    const { beforeConnection, beforeStatement } = this.#manners
    await beforeConnection()
    const connection = await super.acquireConnection()
    return (this.#polite ??= {
      executeQuery: async (query) => {
        await beforeStatement()
        return connection.executeQuery(query)
      },
      streamQuery: (query, size) => connection.streamQuery(query, size),
    })
  }

  // The transaction takes the write lock at its start, because a transaction that takes the lock later can fail halfway.
  override async beginTransaction(connection: DatabaseConnection) {
    // A transaction is still open here only where its rollback failed before.
    if (this.#db.isTransaction) await super.rollbackTransaction(connection)
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  // On a full disk or an I/O error SQLite rolls back by itself, and the error to report is the first one.
  override async rollbackTransaction(connection: DatabaseConnection) {
    if (this.#db.isTransaction) await super.rollbackTransaction(connection).catch(() => {})
  }
}

class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl() {
    return true
  }
}
