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
import { NOTHING_YET, type Crossing, type Inspection, type Store, type Tell, type Tx } from '../db.ts'
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
  getTypeParser: (oid: number, format?: 'text' | 'binary'): ((value: string) => unknown) =>
    oid === INT8 ? Number : (pg.types.getTypeParser(oid, format) as (value: string) => unknown),
}

/** See `inspectStore`. */
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

/** See `openStore`. The schema is changed as the owner of the URL; every serving connection takes the role that row-level security confines. */
export async function openPostgres(
  url: string,
  pool: number,
  { tell = () => {}, vacuumMs }: { tell?: Tell; vacuumMs?: number } = {},
): Promise<Store> {
  return withoutDriverErrors(async () => {
    await withSentences(url, () => prepareDatabase(url))
    const connections = new pg.Pool({
      connectionString: url,
      max: pool,
      connectionTimeoutMillis: CONNECT_MS,
      types,
      // The pool waits for what this returns, though its type does not say so.
      onConnect: (client) =>
        client.query(
          `${KEEP_SCHEMAS}; ${SETTLED}; set role ${APP_ROLE}; set statement_timeout = ${STATEMENT_MS}`,
        ) as unknown as void,
    })
    // A connection that breaks fails the query on it, or is replaced at its next use; without listeners the process would end.
    connections.on('error', () => {})
    connections.on('connect', (client) => void client.on('error', () => {}))
    const db = new Kysely<Schema>({ dialect: new ServerDialect({ pool: connections }) })
    const inTurn = takeTurns()
    const vacuum = createVacuum(url, tell, vacuumMs)
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
      // Loaded on demand, with the schema that it expects: only the doctor asks.
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
  // A connection that broke cannot roll back either, and its first failure is the one to tell.
  override async rollbackTransaction(connection: DatabaseConnection) {
    await super.rollbackTransaction(connection as never).catch(() => {})
  }
}

async function prepareDatabase(url: string): Promise<void> {
  const pool = new pg.Pool({
    ...{ connectionString: url, max: 1, connectionTimeoutMillis: CONNECT_MS, types },
    onConnect: (client) => client.query(SETTLED) as unknown as void,
  })
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  try {
    await requireFitting(url, db)
    const { migrated } = await inspectPostgres(url)
    if (!isUpToDate(migrated)) await migrateAsOwner(url, db)
    await requireAppRole(url, db)
    await requireWalls(db)
  } finally {
    await db.destroy()
  }
}

/** Refuses a server on which writes would fail, be lost, or not hold every text. */
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
    // What the database answered says more than that nothing was changed.
    throw codeOf(cause) === undefined ? error : cause
  }
}

/** The role that is taken has a `$user` of its own: the schemas of the one that logged in stay the ones that are searched. */
const KEEP_SCHEMAS = `select set_config('search_path', (select string_agg(quote_ident(name), ', ')
  from unnest(current_schemas(false)) as name), false)`

/** What a role, a database or a server may have set otherwise, and what the statements of this program count on. */
const SETTLED = `set default_transaction_isolation = 'read committed'; set row_security = on; set standard_conforming_strings = on`

/** Refuses a role or a table on which the second wall between tenants does not stand. */
async function requireWalls(db: Kysely<unknown>): Promise<void> {
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

/** Writers of one tenant wait for each other here, and not each with a connection of the pool in its hand. */
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

type Scope = { tenantId: string } | { crossing: Crossing }

function setScope(db: Kysely<Schema>, scope: Scope, local: boolean) {
  const tenant = 'tenantId' in scope ? scope.tenantId : ''
  const path = 'crossing' in scope ? scope.crossing.path : ''
  const partner = 'crossing' in scope && 'partnerId' in scope.crossing ? scope.crossing.partnerId : ''
  const environment = 'crossing' in scope && 'environment' in scope.crossing ? scope.crossing.environment : ''
  const state = 'crossing' in scope && scope.crossing.path === 'sign_in' ? scope.crossing.stateHash : []
  return sql`select set_config('hawser.tenant', ${tenant}, ${local}), set_config('hawser.crossing', ${path}, ${local}),
    set_config('hawser.partner', ${partner}, ${local}), set_config('hawser.environment', ${environment}, ${local}),
    set_config('hawser.state', ${Buffer.from(state).toString('hex')}, ${local})`.execute(db)
}

function readAs<T>(db: Kysely<Schema>, scope: Scope, work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
  return db.connection().execute(async (connection) => {
    await setScope(connection, scope, false)
    return work(connection)
  })
}

async function writeAs<T>(db: Kysely<Schema>, tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute(async (tx) => {
        await setScope(tx, { tenantId }, true)
        // Writers of one tenant take turns from here, so that what `work` reads stays true until it commits.
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
