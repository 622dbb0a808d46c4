import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'
import { APP_ROLE } from './0002-walls.ts'

/** Creates the table of sign-ins that have begun at carriers: each connection has at most one, and a sign-in is found by the hash of the state that the carrier sends back. */
export async function signIn(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const blob = dialect === 'sqlite' ? sql`blob` : sql`bytea`
  const clustered = dialect === 'sqlite' ? sql`without rowid, strict` : sql``
  const { schema } = db

  await schema
    .createTable('sign_in')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('carrier_id', 'text', (column) => column.notNull())
    .addColumn('state_hash', blob, (column) => column.notNull())
    .addColumn('verifier', blob, (column) => column.notNull())
    .addColumn('begun_by', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('sign_in_key', ['tenant_id', 'environment', 'carrier_id'])
    .addForeignKeyConstraint(
      'sign_in_connection',
      ['tenant_id', 'environment', 'carrier_id'],
      'connection',
      ['tenant_id', 'environment', 'carrier_id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .modifyEnd(clustered)
    .execute()
  await schema.createIndex('sign_in_state').unique().on('sign_in').column('state_hash').execute()

  if (dialect === 'postgres') await confine(db)
}

async function confine(db: Kysely<unknown>): Promise<void> {
  const role = sql.raw(APP_ROLE)
  const table = sql.table('sign_in')
  await sql`grant select, insert, update, delete on ${table} to ${role}`.execute(db)
  await sql`alter table ${table} enable row level security`.execute(db)
  await sql`alter table ${table} force row level security`.execute(db)
  await sql`create policy own_tenant on ${table} to ${role}
    using (tenant_id = current_setting('hawser.tenant', true))`.execute(db)
  // This crossing shows whose sign-in a state belongs to: the browser that comes back has no API key and sees only the row whose state it presents.
  await sql`create policy crossing_sign_in on ${table} for select to ${role}
    using (current_setting('hawser.crossing', true) = 'sign_in'
      and encode(state_hash, 'hex') = current_setting('hawser.state', true))`.execute(db)
}
