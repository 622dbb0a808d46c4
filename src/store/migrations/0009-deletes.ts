import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'
import { APP_ROLE } from './0002-walls.ts'

/** Adds what a delete leaves: connections that can be restored for a while, names of erased connections, leases that may still be in use, and the policies that decide about deletes. */
export async function deletes(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const blob = dialect === 'sqlite' ? sql`blob` : sql`bytea`
  const truth = dialect === 'sqlite' ? sql`integer` : sql`smallint`
  const long = dialect === 'sqlite' ? sql`integer` : sql`bigint`
  const clustered = dialect === 'sqlite' ? sql`without rowid, strict` : sql``
  const { schema } = db
  const choices = sql`open_shipments in ('warn', 'refuse')`

  await schema
    .alterTable('connection')
    .addColumn('open_shipments', 'text', (column) => column.check(choices))
    .execute()

  for (const column of ['scac', 'erased_at'])
    await schema.alterTable('tombstone').addColumn(column, 'text').execute()
  await markErased(db, dialect)

  await schema
    .createTable('buried_connection')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('carrier_id', 'text', (column) => column.notNull())
    .addColumn('mode', 'text', (column) => column.notNull())
    .addColumn('carrier', 'text', (column) => column.notNull())
    .addColumn('scac', 'text')
    .addColumn('account_number', 'text')
    .addColumn('account_key', 'text')
    .addColumn('connection_status', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('created_seq', long, (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('credentials_version', 'integer', (column) => column.notNull())
    .addColumn('settings_version', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('state_since', 'text')
    .addColumn('checked_at', 'text')
    .addColumn('diagnosis', 'text')
    .addColumn('open_shipments', 'text')
    .addColumn('had_twin', truth, (column) => column.notNull())
    .addColumn('sealed', blob, (column) => column.notNull())
    .addColumn('erase_after', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('buried_connection_key', ['tenant_id', 'environment', 'carrier_id'])
    .addForeignKeyConstraint(
      'buried_connection_tombstone',
      ['tenant_id', 'environment', 'carrier_id'],
      'tombstone',
      ['tenant_id', 'environment', 'carrier_id'],
    )
    .modifyEnd(clustered)
    .execute()
  await schema
    .createIndex('buried_connection_account')
    .on('buried_connection')
    .columns(['tenant_id', 'environment', 'carrier', 'account_key'])
    .execute()
  for (const table of ['buried_connection', 'previous_credentials'])
    await schema.createIndex(`${table}_erasure`).on(table).column('erase_after').execute()

  await schema
    .createTable('lease')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('carrier_id', 'text', (column) => column.notNull())
    .addColumn('audit_seq', long, (column) => column.notNull())
    .addColumn('expires_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('lease_key', ['tenant_id', 'environment', 'carrier_id', 'audit_seq'])
    .addForeignKeyConstraint(
      'lease_connection',
      ['tenant_id', 'environment', 'carrier_id'],
      'connection',
      ['tenant_id', 'environment', 'carrier_id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .modifyEnd(clustered)
    .execute()

  await schema
    .createTable('delete_policy')
    .addColumn('tenant_id', 'text', (column) => column.notNull().references('tenant.tenant_id'))
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('open_shipments', 'text', (column) => column.notNull().check(choices))
    .addColumn('restore_days', 'integer', (column) => column.notNull())
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('delete_policy_key', ['tenant_id', 'environment'])
    .modifyEnd(clustered)
    .execute()

  if (dialect === 'postgres') await confine(db)
}

/** Marks the connections that were deleted before as erased, because nothing was kept of them. */
async function markErased(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const force = (how: string) =>
    dialect === 'postgres' && sql`alter table tombstone ${sql.raw(how)} row level security`.execute(db)
  await force('no force')
  await sql`update tombstone set erased_at = deleted_at`.execute(db)
  await force('force')
}

async function confine(db: Kysely<unknown>): Promise<void> {
  const role = sql.raw(APP_ROLE)
  await sql`grant update, delete on tombstone to ${role}`.execute(db)
  for (const table of ['buried_connection', 'lease', 'delete_policy']) {
    await sql`grant select, insert, update, delete on ${sql.table(table)} to ${role}`.execute(db)
    await sql`alter table ${sql.table(table)} enable row level security`.execute(db)
    await sql`alter table ${sql.table(table)} force row level security`.execute(db)
    await sql`create policy own_tenant on ${sql.table(table)} to ${role}
      using (tenant_id = current_setting('hawser.tenant', true))`.execute(db)
  }
  // This crossing shows whose sealed bytes are due to be erased; the rows hold only ids and times.
  for (const table of ['buried_connection', 'previous_credentials'])
    await sql`create policy crossing_erase on ${sql.table(table)} for select to ${role}
      using (current_setting('hawser.crossing', true) = 'erase')`.execute(db)
}
