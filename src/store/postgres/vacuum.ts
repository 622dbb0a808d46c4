import { sql, type Kysely } from 'kysely'
import pg from 'pg'
import type { DatabaseFiles, ReportTrouble } from '../db.ts'
import type { Schema } from '../schema/tables.ts'

/** `ERASABLE` lists the tables in which something can be erased: sealed bytes, or the nickname that is left of a deleted connection. */
const ERASABLE = [
  'connection',
  'deleted_connection',
  'previous_credentials',
  'carrier_token',
  'sign_in',
  'webhook_endpoint',
  'tombstone',
  'audit_change',
] as const satisfies (keyof Schema)[]

type VacuumOptions = { everyMs?: number | undefined }

const EVERY_MS = 5 * 60_000
const CONNECT_MS = 5_000

/** `mayVacuum` is true where the role that logged in may vacuum the table; the role that serves requests does not matter. */
const mayVacuum = `(pg_has_role(session_user, c.relowner, 'USAGE')
  or (select pg_has_role(session_user, datdba, 'USAGE') from pg_database where datname = current_database())
  or case when current_setting('server_version_num')::int >= 170000
    then has_table_privilege(session_user, c.oid, 'MAINTAIN') else false end)`

/** A vacuum removes the dead rows of tables some time after writes. */
export type Vacuum = {
  /** Notes that a transaction may have been committed. */
  note(): void
  end(): void
}

/**
 * Makes a vacuum that cleans the erasable tables within `everyMs` (five minutes) after a write, as the user of the URL and on its own connection.
 * A user without the right to vacuum leaves the work to autovacuum. The vacuum does not keep the process alive and does not delay closing.
 */
export function createVacuum(
  url: string,
  tell: ReportTrouble,
  { everyMs = EVERY_MS }: VacuumOptions = {},
): Vacuum {
  let timer: NodeJS.Timeout | undefined
  let client: pg.Client | undefined
  let isOver = false
  let hasFailed = false
  /** `isDirty` says whether a transaction was noted since the last vacuum began. */
  let isDirty = false

  const run = async (): Promise<void> => {
    const own = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS })
    client = own
    own.on('error', () => {})
    try {
      await own.connect()
      const { rows } = await own.query<{ name: string }>(
        `select quote_ident(relname) as name from pg_class c
          where relnamespace = current_schema()::regnamespace and relname = any($1) and ${mayVacuum}`,
        [ERASABLE],
      )
      if (rows.length === 0) isOver = true
      else
        await own.query(`vacuum (skip_locked, index_cleanup on) ${rows.map(({ name }) => name).join(', ')}`)
      if (hasFailed) tell('the tables of which something can be erased are vacuumed again')
      hasFailed = false
    } catch (error) {
      if (!isOver && !hasFailed)
        tell('the tables of which something can be erased could not be vacuumed', error)
      hasFailed = true
    } finally {
      client = undefined
      await own.end().catch(() => {})
    }
  }

  const note = (): void => {
    isDirty = true
    if (isOver || timer) return
    timer = setTimeout(() => {
      isDirty = false
      void run().then(() => {
        timer = undefined
        if (hasFailed || isDirty) note()
      })
    }, everyMs).unref()
  }

  return {
    note,
    end: () => {
      isOver = true
      clearTimeout(timer)
      void client?.end().catch(() => {})
    },
  }
}

/** Describes, for `Store.describeFiles`, the dead rows of the erasable tables and the last vacuum of each. */
export async function describePostgresFiles(db: Kysely<Schema>): Promise<DatabaseFiles> {
  const { rows } = await sql<{ name: string; dead: number; at: Date | null; may: boolean }>`
    select c.relname as name, coalesce(s.n_dead_tup, 0) as dead,
      greatest(s.last_vacuum, s.last_autovacuum) as at, ${sql.raw(mayVacuum)} as may
    from pg_class c left join pg_stat_user_tables s on s.relid = c.oid
    where c.relnamespace = current_schema()::regnamespace and c.relname = any(${ERASABLE}) order by c.relname`.execute(
    db,
  )
  return {
    dialect: 'postgres',
    mayVacuum: rows.every(({ may }) => may),
    tables: rows.map(({ name, dead, at }) => ({
      table: name,
      deadRows: dead,
      vacuumedAt: at?.toISOString() ?? null,
    })),
  }
}
