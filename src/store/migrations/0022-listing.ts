import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'

/** `COPIED` lists the columns in clear that a list of connections shows; a trigger copies them whenever a connection is written. */
const COPIED = [
  ...['mode', 'carrier', 'scac', 'nickname', 'account_number', 'connection_status', 'version'],
  ...['credentials_version', 'created_at', 'updated_at', 'state', 'state_since', 'checked_at', 'diagnosis'],
]
const KEY = ['tenant_id', 'environment', 'carrier_id']

/** Writes the SQL expression of a connection's standing: its state, with a suffix where a merchant has to sign in or nobody has asked the carrier yet. */
const standing = (
  row: string,
) => `case when ${row}.connection_status = 'pending_approval' then ${row}.state || '/waiting'
  when ${row}.state = 'unverified' and ${row}.checked_at is null and ${row}.diagnosis is null then 'unverified/unasked'
  else ${row}.state end`
const since = (row: string) => `coalesce(${row}.state_since, ${row}.created_at)`
const partner = (row: string) => `(select partner_id from tenant where tenant.tenant_id = ${row}.tenant_id)`
const columns = [...KEY, ...COPIED].join(', ')
const of = (row: string) =>
  `${[...KEY, ...COPIED].map((name) => `${row}.${name}`).join(', ')}, ${partner(row)}, ${standing(row)}, ${since(row)}`

/** Creates the table that lists connections in any order, of one account or of all accounts that a partner created, without reading sealed values, and the table that counts connections of each kind. */
export async function listing(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const run = (statement: string) => sql.raw(statement).execute(db)
  const isSqlite = dialect === 'sqlite'
  const clustered = isSqlite ? 'without rowid, strict' : ''
  // Both databases order texts by their bytes.
  const text = isSqlite ? 'text' : 'text collate "C"'
  const nullable = ['scac', 'nickname', 'account_number', 'state_since', 'checked_at', 'diagnosis']
  const copied = COPIED.map((name) =>
    name.endsWith('version')
      ? `${name} integer not null`
      : `${name} ${text} ${nullable.includes(name) ? '' : 'not null'}`,
  )
  await run(`create table connection_listing (
    tenant_id ${text} not null, environment ${text} not null, carrier_id ${text} not null, ${copied.join(', ')},
    partner_id ${text}, standing ${text} not null, since ${text} not null, name_key ${text} not null default '',
    primary key (tenant_id, environment, carrier_id),
    foreign key (tenant_id, environment, carrier_id)
      references connection (tenant_id, environment, carrier_id) on delete cascade) ${clustered}`)
  await run(`create table connection_count (
    tenant_id ${text} not null, environment ${text} not null, carrier ${text} not null, standing ${text} not null,
    partner_id ${text}, connections integer not null,
    primary key (tenant_id, environment, carrier, standing)) ${clustered}`)
  await fill(db, dialect)
  await (isSqlite ? followOnSqlite(run) : followOnPostgres(run))
}

async function fill(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const run = (statement: string) => sql.raw(statement).execute(db)
  // Otherwise an owner who is not a superuser would see no row.
  const force = async (how: string) => {
    for (const table of dialect === 'postgres' ? ['connection', 'tenant'] : [])
      await run(`alter table ${table} ${how} row level security`)
  }
  await force('no force')
  await run(`insert into connection_listing (${columns}, partner_id, standing, since)
    select ${of('connection')} from connection`)
  await force('force')
  await run(`insert into connection_count (tenant_id, environment, carrier, standing, partner_id, connections)
    select tenant_id, environment, carrier, standing, max(partner_id), count(*) from connection_listing
    group by tenant_id, environment, carrier, standing`)
}

const SAME = KEY.map((name) => `connection_listing.${name} = new.${name}`).join(' and ')
const FIXED = ['mode', 'carrier', 'created_at']
const CHANGING = COPIED.filter((name) => !FIXED.includes(name))
const COPY = `update connection_listing set ${CHANGING.map((name) => `${name} = new.${name}`).join(', ')} where ${SAME};`
// This update stands apart, because SQLite rewrites every index of a column that is set, even where the value stays the same.
const MOVE = `update connection_listing set standing = ${standing('new')}, since = ${since('new')} where ${SAME};`
const HAS_MOVED = `(${standing('old')} <> ${standing('new')} or ${since('old')} <> ${since('new')})`
const INSERT = `insert into connection_listing (${columns}, partner_id, standing, since) values (${of('new')});`
const add = (row: string) => `insert into connection_count
    (tenant_id, environment, carrier, standing, partner_id, connections)
  values (${row}.tenant_id, ${row}.environment, ${row}.carrier, ${standing(row)}, ${partner(row)}, 1)
  on conflict (tenant_id, environment, carrier, standing)
    do update set connections = connection_count.connections + 1;`
const kind = (row: string) => `tenant_id = ${row}.tenant_id and environment = ${row}.environment
  and carrier = ${row}.carrier and standing = ${standing(row)}`
const subtract = (
  row: string,
) => `update connection_count set connections = connections - 1 where ${kind(row)};
  delete from connection_count where ${kind(row)} and connections = 0;`

async function followOnSqlite(run: (statement: string) => Promise<unknown>): Promise<void> {
  for (const [name, event, work] of [
    ['inserted', 'insert on connection', INSERT + add('new')],
    ['updated', `update of ${CHANGING.join(', ')} on connection`, COPY],
    ['moved', `update on connection when ${HAS_MOVED}`, MOVE + subtract('old') + add('new')],
    ['deleted', 'delete on connection', subtract('old')],
  ])
    await run(`create trigger connection_${name} after ${event} begin ${work} end`)
}

async function followOnPostgres(run: (statement: string) => Promise<unknown>): Promise<void> {
  await run(`create function follow_connection() returns trigger language plpgsql as $$ begin
    if tg_op = 'INSERT' then ${INSERT} ${add('new')}
    elsif tg_op = 'DELETE' then ${subtract('old')}
    else ${COPY}
      if ${HAS_MOVED} then ${MOVE} ${subtract('old')} ${add('new')} end if;
    end if;
    return null;
  end $$`)
  await run(`create trigger follow_connection after insert or update or delete on connection
    for each row execute function follow_connection()`)
}
