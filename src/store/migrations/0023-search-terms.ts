import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'
import type { Schema } from '../schema/tables.ts'
import { insertTerms } from '../tables/connections/connection-terms.ts'
import { APP_ROLE } from './0002-walls.ts'

/** `PART` is the number of connections that are read and given their search terms at a time. */
const PART = 500

/** Adds the terms by which connections are searched, and a partner's view over the connections of the accounts that it created. */
export async function searchTerms(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const run = (statement: string) => sql.raw(statement).execute(db)
  const isSqlite = dialect === 'sqlite'
  const text = isSqlite ? 'text' : 'text collate "C"'
  await run(`create table connection_term (
    tenant_id ${text} not null, environment ${text} not null, carrier_id ${text} not null, term ${text} not null,
    partner_id ${text},
    primary key (tenant_id, environment, carrier_id, term),
    foreign key (tenant_id, environment, carrier_id)
      references connection_listing (tenant_id, environment, carrier_id) on delete cascade)
    ${isSqlite ? 'without rowid, strict' : ''}`)
  await fill(db)
  // The indexes are created after the rows, so that each index is written once and in its order.
  await indexListing(run)
  await run(
    `create index connection_term_tenant on connection_term (tenant_id, environment, term, carrier_id)`,
  )
  await run(`create index connection_term_partner on connection_term
    (partner_id, environment, term, tenant_id, carrier_id) where partner_id is not null`)
  await forgetTerms(run, dialect)
  if (isSqlite) await tellSizes(db)
  else await confine(run)
}

/** Creates one index for each order of the list, for one account and for a partner, for any carrier and for one, so that each page is one range of an index. */
async function indexListing(run: (statement: string) => Promise<unknown>): Promise<void> {
  for (const [owner, rows] of [
    ['tenant', ''],
    ['partner', 'where partner_id is not null'],
  ])
    for (const [order, key] of [
      ['since', 'since'],
      ['created', 'created_at'],
      ['name', 'name_key'],
    ])
      for (const [which, kind] of [
        ['', 'standing'],
        ['_carrier', 'carrier, standing'],
      ])
        await run(`create index listing_${owner}${which}_${order} on connection_listing
          (${owner}_id, environment, ${kind}, ${key}, carrier_id${owner === 'partner' ? ', tenant_id' : ''}) ${rows}`)
  await run(`create index connection_count_partner on connection_count
    (partner_id, environment, carrier, standing, connections) where partner_id is not null`)
}

async function fill(db: Kysely<Schema>): Promise<void> {
  let after = { tenant_id: '', environment: '', carrier_id: '' }
  for (;;) {
    const rows = await db
      .selectFrom('connection_listing')
      .select(['tenant_id', 'environment', 'carrier_id', 'partner_id', 'nickname', 'account_number'])
      .where(
        sql<boolean>`(tenant_id, environment, carrier_id) > (${after.tenant_id}, ${after.environment}, ${after.carrier_id})`,
      )
      .orderBy('tenant_id')
      .orderBy('environment')
      .orderBy('carrier_id')
      .limit(PART)
      .execute()
    const last = rows.at(-1)
    if (!last) return
    await insertTerms(db, rows)
    after = last
  }
}

/** Creates the triggers that remove the terms of a connection whose nickname or account number changes; an empty `name_key` says that the connection has no terms yet. */
async function forgetTerms(run: (statement: string) => Promise<unknown>, dialect: Dialect): Promise<void> {
  const isSqlite = dialect === 'sqlite'
  const key = ['tenant_id', 'environment', 'carrier_id'].map((name) => `${name} = new.${name}`).join(' and ')
  const work = `delete from connection_term where ${key}; update connection_listing set name_key = '' where ${key};`
  const differ = isSqlite ? 'is not' : 'is distinct from'
  const when = `old.nickname ${differ} new.nickname or old.account_number ${differ} new.account_number`
  if (isSqlite)
    return void (await run(`create trigger connection_renamed after update of nickname, account_number on connection
      when ${when} begin ${work} end`))
  await run(`create function forget_terms() returns trigger language plpgsql as $$
    begin ${work} return null; end $$`)
  await run(`create trigger forget_terms after update of nickname, account_number on connection
    for each row when (${when}) execute function forget_terms()`)
}

/**
 * `SIZES` gives the number of rows and the average number of rows for each prefix of an index, for accounts with many connections.
 * Otherwise SQLite assumes ten connections for each account, and reads all of them where an index would find one.
 */
const SIZES: Record<'connection_listing' | 'connection_term', Record<string, string>> = {
  connection_listing: {
    connection_listing: '1000000 50000 25000 1',
    ...sizesOf('tenant', '1000000 50000 25000', '1'),
    ...sizesOf('partner', '1000000 500000 250000', '1 1'),
  },
  connection_term: {
    connection_term: '5000000 250000 125000 5 1',
    connection_term_tenant: '5000000 250000 125000 100 1',
    connection_term_partner: '5000000 2500000 1250000 200 100 1',
  },
}

function sizesOf(owner: string, start: string, end: string): Record<string, string> {
  return Object.fromEntries(
    ['since', 'created', 'name'].flatMap((order) => [
      [`listing_${owner}_${order}`, `${start} 5000 2 ${end}`],
      [`listing_${owner}_carrier_${order}`, `${start} 5000 1000 2 ${end}`],
    ]),
  )
}

async function tellSizes(db: Kysely<unknown>): Promise<void> {
  for (const [table, sizes] of Object.entries(SIZES)) {
    await sql`delete from sqlite_stat1 where tbl = ${table}`.execute(db)
    for (const [index, size] of Object.entries(sizes))
      await sql`insert into sqlite_stat1 (tbl, idx, stat) values (${table}, ${index}, ${size})`.execute(db)
  }
  await sql`analyze sqlite_schema`.execute(db)
}

/**
 * Restricts reading by one policy with one condition. With several conditions that are joined by "or", PostgreSQL expects
 * so few rows that it sorts whole ranges instead of reading them in order from an index.
 */
async function confine(run: (statement: string) => Promise<unknown>): Promise<void> {
  const own = `tenant_id = current_setting('hawser.tenant', true)`
  const created = `partner_id = current_setting('hawser.partner', true)`
  const isCrossing = `current_setting('hawser.crossing', true) = 'partner_connections'`
  for (const table of ['connection_listing', 'connection_count', 'connection_term']) {
    const policy = (name: string, rest: string) => run(`create policy ${name} on ${table} ${rest}`)
    await run(`grant select, insert, update, delete on ${table} to ${APP_ROLE}`)
    await run(`alter table ${table} enable row level security`)
    await run(`alter table ${table} force row level security`)
    await policy(
      'own_tenant',
      `for select to ${APP_ROLE} using (case when ${isCrossing}
        then ${created} and environment = current_setting('hawser.environment', true) else ${own} end)`,
    )
    await policy('own_tenant_insert', `for insert to ${APP_ROLE} with check (${own})`)
    await policy('own_tenant_update', `for update to ${APP_ROLE} using (${own})`)
    await policy('own_tenant_delete', `for delete to ${APP_ROLE} using (${own})`)
  }
  await run(`create policy crossing_partner_connections on tenant for select to ${APP_ROLE}
    using (${isCrossing} and ${created})`)
}
