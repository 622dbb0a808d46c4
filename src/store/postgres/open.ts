import { setTimeout as pause } from 'node:timers/promises'
import {
  Kysely,
  PostgresDialect,
  PostgresDriver,
  sql,
  type DatabaseConnection,
  type PostgresDialectConfig,
} from 'kysely'
import pg from 'pg'
import { StartRefused } from '../../errors.ts'
import {
  NOTHING_YET,
  type Crossing,
  type Inspection,
  type Store,
  type ReportTrouble,
  type Tx,
} from '../db.ts'
import { isConflict, withoutDriverErrors } from '../errors.ts'
import { isUpToDate, migrate, migrations } from '../migrate.ts'
import { MIGRATION_TABLE } from '../migration-names.ts'
import { NEEDED_TABLES, requireWholeRecord } from '../migration-record.ts'
import { APP_ROLE } from '../migrations/0002-walls.ts'
import type { KeyTerm, Schema } from '../schema/tables.ts'
import { namePostgres } from './address.ts'
import { codeOf, lacksAppRole, roleSentence, withSentences } from './refusals.ts'
import { createVacuum, describePostgresFiles } from './vacuum.ts'

const OLDEST = 15
const CONNECT_MS = 5_000
const STATEMENT_MS = 10_000
const ATTEMPTS = 5
const INT8 = 20

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format: 'text' | 'binary' | undefined): ((value: string) => unknown) =>
    oid === INT8 ? Number : (pg.types.getTypeParser(oid, format) as (value: string) => unknown),
}

/** Inspects a PostgreSQL database, as `inspectStore` promises, in one read-only transaction. Throws `StartRefused` where the database cannot be used. */
export async function inspectPostgres(url: string): Promise<Inspection> {
  return withSentences(url, async () => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS, types })
    await client.connect()
    try {
      await client.query(`begin transaction read only; ${SETTLED}`)
      const named = await client.query<{ name: string }>(
        'select name from unnest($1::text[]) as name where to_regclass(name) is not null',
        [[MIGRATION_TABLE, ...NEEDED_TABLES]],
      )
      const tables = new Set(named.rows.map(({ name }) => name))
      const { rows: migrated } = tables.has(MIGRATION_TABLE)
        ? await client.query<{ name: string }>(`select name from ${MIGRATION_TABLE}`)
        : { rows: [] }
      const found = { tables, migrated: migrated.map(({ name }) => name) }
      requireWholeRecord(namePostgres(url), found, Object.keys(migrations))
      if (!tables.has(MIGRATION_TABLE) || !tables.has('key_term')) return NOTHING_YET
      const installation = await client.query<{ id: string }>('select id from installation')
      const terms = await client.query<KeyTerm>('select * from key_term order by term')
      const connections = await client.query('select 1 from connection limit 1')
      return {
        hasSchema: true,
        migrated: found.migrated,
        installationId: installation.rows[0]?.id,
        terms: terms.rows,
        hasConnections: connections.rows.length > 0,
      }
    } finally {
      await client.end()
    }
  })
}

/**
 * Opens a PostgreSQL database, as `openStore` promises.
 * The user in the URL changes the schema, and every connection that serves requests works in the role that row-level security restricts.
 */
export async function openPostgres(
  url: string,
  pool: number,
  { tell = () => {}, vacuumMs }: { tell?: ReportTrouble; vacuumMs?: number } = {},
): Promise<Store> {
  return withoutDriverErrors(async () => {
    await withSentences(url, () => prepareDatabase(url))
    const connections = new pg.Pool({
      connectionString: url,
      max: pool,
      connectionTimeoutMillis: CONNECT_MS,
      types,
      // The pool waits for the returned promise, although its type does not mention a promise.
      onConnect: (client) =>
        client.query(
          `${KEEP_SCHEMAS}; ${SETTLED}; set role ${APP_ROLE}; set statement_timeout = ${STATEMENT_MS}`,
        ) as unknown as void,
    })
    // A broken connection makes its running query fail, or the pool replaces it at its next use. Without listeners the error would end the process.
    connections.on('error', () => {})
    connections.on('connect', (client) => void client.on('error', () => {}))
    const db = new Kysely<Schema>({ dialect: new ServerDialect({ pool: connections }) })
    const inTurn = takeTurns()
    const vacuum = createVacuum(url, tell, { everyMs: vacuumMs })
    return {
      dialect: 'postgres',
      read: (tenantId, work) => withoutDriverErrors(() => readAs(db, { tenantId }, work)),
      cross: (crossing, work) => withoutDriverErrors(() => readAs(db, { crossing }, work)),
      transaction: (tenantId, work) =>
        withoutDriverErrors(async () => {
          const done = await inTurn(tenantId, () => writeAs(db, tenantId, work))
          vacuum.note()
          return done
        }),
      describeFiles: () => withoutDriverErrors(() => describePostgresFiles(db)),
      // The module and the schema that it expects are loaded on demand, because only the `doctor` command uses them.
      examine: async () => (await import('./examine.ts')).examinePostgres(url, `${KEEP_SCHEMAS}; ${SETTLED}`),
      close: async () => {
        vacuum.end()
        await db.destroy()
      },
    }
  })
}

class ServerDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig

  constructor(config: PostgresDialectConfig) {
    super(config)
    this.#config = config
  }

  override createDriver() {
    return new ServerDriver(this.#config)
  }
}

class ServerDriver extends PostgresDriver {
  // A broken connection cannot roll back either, and the error to report is the first one.
  override async rollbackTransaction(connection: DatabaseConnection) {
    await super.rollbackTransaction(connection as never).catch(() => {})
  }
}

async function prepareDatabase(url: string): Promise<void> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: CONNECT_MS,
    types,
    onConnect: (client) => client.query(SETTLED) as unknown as void,
  })
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  try {
    await requireFitting(url, db)
    const { migrated } = await inspectPostgres(url)
    if (!isUpToDate(migrated)) await migrateAsOwner(url, db)
    await requireAppRole(url, db)
    await requireRowLevelSecurity(db)
  } finally {
    await db.destroy()
  }
}

/** Throws `StartRefused` for a server on which writes would fail or get lost, or which cannot store every text. */
async function requireFitting(url: string, db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ version: number; durable: string; encoding: string; readOnly: boolean }>`
    select current_setting('server_version_num')::int as version, current_setting('synchronous_commit') as durable,
      current_setting('server_encoding') as encoding,
      pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on' as "readOnly"`.execute(
    db,
  )
  const [found] = rows
  if (!found) return
  const refuse = (why: string): never => {
    throw new StartRefused(`${namePostgres(url)} cannot be used: ${why}.`.replace(/^t/, 'T'))
  }
  if (found.version < OLDEST * 10_000)
    refuse(`PostgreSQL ${OLDEST} or newer is needed; this is ${Math.floor(found.version / 10_000)}`)
  if (found.durable === 'off')
    refuse('it has synchronous_commit off: it would acknowledge writes that a crash loses. Set it to on')
  if (found.encoding !== 'UTF8')
    refuse(
      `its encoding is ${found.encoding}, which cannot hold every name. Make another one: create database <name> encoding 'UTF8' template template0`,
    )
  if (found.readOnly) refuse('it takes no writes: it is a standby, or default_transaction_read_only is on')
}

async function migrateAsOwner(url: string, db: Kysely<unknown>): Promise<void> {
  try {
    await migrate(db, 'postgres', namePostgres(url))
  } catch (error) {
    const { cause } = error as Error
    if (codeOf(cause) === INSUFFICIENT && (await lacksAppRole(db))) throw new StartRefused(roleSentence(url))
    // The error of the database says more than the migration's own error, which only says that nothing was changed.
    throw codeOf(cause) === undefined ? error : cause
  }
}

/** `KEEP_SCHEMAS` fixes the search path of the user who logged in, because `$user` in it would otherwise mean the role that the connection takes. */
const KEEP_SCHEMAS = `select set_config('search_path', (select string_agg(quote_ident(name), ', ')
  from unnest(current_schemas(false)) as name), false)`

/** `SETTLED` fixes settings that the statements of Hawser rely on, because a role, a database or a server may have set them to something else. */
const SETTLED = `set default_transaction_isolation = 'read committed'; set row_security = on; set standard_conforming_strings = on`

/** Throws `StartRefused` for a role or a table without row-level security, which separates tenants in addition to the queries. */
async function requireRowLevelSecurity(db: Kysely<unknown>): Promise<void> {
  const { rows: tall } = await sql`select 1 from pg_roles
    where rolname = ${APP_ROLE} and (rolsuper or rolbypassrls or rolcanlogin)`.execute(db)
  if (tall.length > 0)
    throw new StartRefused(
      `The role ${APP_ROLE} may do more than it should: alter role ${APP_ROLE} nologin nosuperuser nobypassrls.`,
    )
  const { rows: open } = await sql<{ name: string }>`select c.relname as name from pg_class c
    join pg_policy p on p.polrelid = c.oid and p.polname = 'own_tenant'
    where c.relnamespace = current_schema()::regnamespace
      and not (c.relrowsecurity and c.relforcerowsecurity)`.execute(db)
  if (open.length > 0)
    throw new StartRefused(
      `Row-level security is off on ${open.map(({ name }) => name).join(', ')}: enable and force it on each.`,
    )
}

const INSUFFICIENT = '42501'
const NO_SUCH_ROLE = '22023'

async function requireAppRole(url: string, db: Kysely<unknown>): Promise<void> {
  try {
    await sql`set role ${sql.id(APP_ROLE)}`.execute(db)
  } catch (error) {
    if (![INSUFFICIENT, NO_SUCH_ROLE].includes(codeOf(error) ?? '')) throw error
    throw new StartRefused(roleSentence(url))
  }
}

/** Makes a function that runs the transactions of a tenant one after the other, so that a waiting transaction does not hold a connection of the pool. */
function takeTurns() {
  const last = new Map<string, Promise<unknown>>()
  return <T>(tenantId: string, work: () => Promise<T>): Promise<T> => {
    const turn = (last.get(tenantId) ?? Promise.resolve()).then(work, work)
    last.set(tenantId, turn)
    const leave = () => {
      if (last.get(tenantId) === turn) last.delete(tenantId)
    }
    turn.then(leave, leave)
    return turn
  }
}

type SessionScope = { tenantId: string } | { crossing: Crossing }

/** Sets the tenant or the crossing that row-level security compares rows with; a setting lasts for the `transaction` or for the whole `session`. */
function setScope(db: Kysely<Schema>, scope: SessionScope, lasting: 'transaction' | 'session') {
  const local = lasting === 'transaction'
  const tenant = 'tenantId' in scope ? scope.tenantId : ''
  const path = 'crossing' in scope ? scope.crossing.path : ''
  const partner = 'crossing' in scope && 'partnerId' in scope.crossing ? scope.crossing.partnerId : ''
  const environment = 'crossing' in scope && 'environment' in scope.crossing ? scope.crossing.environment : ''
  const state = 'crossing' in scope && scope.crossing.path === 'sign_in' ? scope.crossing.stateHash : []
  return sql`select set_config('hawser.tenant', ${tenant}, ${local}), set_config('hawser.crossing', ${path}, ${local}),
    set_config('hawser.partner', ${partner}, ${local}), set_config('hawser.environment', ${environment}, ${local}),
    set_config('hawser.state', ${Buffer.from(state).toString('hex')}, ${local})`.execute(db)
}

function readAs<T>(
  db: Kysely<Schema>,
  scope: SessionScope,
  work: (db: Kysely<Schema>) => Promise<T>,
): Promise<T> {
  return db.connection().execute(async (connection) => {
    await setScope(connection, scope, 'session')
    return work(connection)
  })
}

async function writeAs<T>(db: Kysely<Schema>, tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute(async (tx) => {
        await setScope(tx, { tenantId }, 'transaction')
        // This lock makes the transactions of one tenant run one after the other, so that the rows that `work` reads do not change before its commit.
        await tx
          .selectFrom('audit_head')
          .select('seq')
          .where('tenant_id', '=', tenantId)
          .forUpdate()
          .execute()
        return work(tx)
      })
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error
      await pause(Math.random() * 20 * attempt)
    }
  }
}
