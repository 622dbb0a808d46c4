import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'
import { APP_ROLE } from './0002-walls.ts'

/** Adds the state of each connection's credentials, the previous credentials, and the refused attempts on an account. */
export async function verification(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const blob = dialect === 'sqlite' ? sql`blob` : sql`bytea`
  const clustered = dialect === 'sqlite' ? sql`without rowid, strict` : sql``
  const { schema } = db

  const states = sql`state in ('verified', 'unverified', 'degraded', 'needs_reauth', 'action_required')`
  await schema
    .alterTable('connection')
    .addColumn('state', 'text', (column) => column.notNull().defaultTo('unverified').check(states))
    .execute()
  // Each column needs its own statement, because SQLite adds only one column per statement.
  for (const column of ['state_since', 'checked_at', 'diagnosis', 'degraded_at'])
    await schema.alterTable('connection').addColumn(column, 'text').execute()
  await schema
    .alterTable('connection')
    .addColumn('failed_checks', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
  await schema
    .createIndex('connection_state')
    .on('connection')
    .columns(['tenant_id', 'environment', 'state', 'state_since'])
    .execute()

  await schema
    .createTable('previous_credentials')
    .addColumn('tenant_id', 'text', (column) => column.notNull().references('tenant.tenant_id'))
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('carrier_id', 'text', (column) => column.notNull())
    .addColumn('credentials', blob, (column) => column.notNull())
    .addColumn('credentials_version', 'integer', (column) => column.notNull())
    .addColumn('replaced_at', 'text', (column) => column.notNull())
    .addColumn('erase_after', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('previous_credentials_key', ['tenant_id', 'environment', 'carrier_id'])
    .modifyEnd(clustered)
    .execute()

  // An account has at most as many rows as it may be tried; the primary key keeps this limit even for attempts at the same time.
  await schema
    .createTable('verification_attempt')
    .addColumn('account', blob, (column) => column.notNull())
    .addColumn('slot', 'integer', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('verification_attempt_key', ['account', 'slot'])
    .modifyEnd(clustered)
    .execute()

  await schema
    .createTable('scheduled_check')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('carrier_id', 'text', (column) => column.notNull())
    .addColumn('carrier', 'text', (column) => column.notNull())
    .addColumn('due_at', 'text', (column) => column.notNull())
    .addColumn('claimed_until', 'text')
    .addColumn('fence', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('scheduled_check_key', ['tenant_id', 'environment', 'carrier_id'])
    .addForeignKeyConstraint(
      'scheduled_check_connection',
      ['tenant_id', 'environment', 'carrier_id'],
      'connection',
      ['tenant_id', 'environment', 'carrier_id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .modifyEnd(clustered)
    .execute()
  await schema
    .createIndex('scheduled_check_due')
    .on('scheduled_check')
    .columns(['carrier', 'due_at'])
    .execute()

  // A carrier has at most as many rows as it may be asked in a minute, by all processes together.
  await schema
    .createTable('check_turn')
    .addColumn('carrier', 'text', (column) => column.notNull())
    .addColumn('slot', 'integer', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('check_turn_key', ['carrier', 'slot'])
    .modifyEnd(clustered)
    .execute()

  await planFirstChecks(db, dialect)

  if (dialect === 'postgres') await confine(db)
}

/** Plans a check for every existing connection, as soon as the limits of its carrier allow one. */
async function planFirstChecks(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const force = (how: string) =>
    dialect === 'postgres' && sql`alter table connection ${sql.raw(how)} row level security`.execute(db)
  // Otherwise an owner who is not a superuser would see no connection.
  await force('no force')
  await sql`insert into scheduled_check (tenant_id, environment, carrier_id, carrier, due_at, fence)
    select tenant_id, environment, carrier_id, carrier, ${new Date().toISOString()}, 0 from connection`.execute(
    db,
  )
  await force('force')
}

async function confine(db: Kysely<unknown>): Promise<void> {
  const role = sql.raw(APP_ROLE)
  for (const table of ['previous_credentials', 'scheduled_check']) {
    await sql`grant select, insert, update, delete on ${sql.table(table)} to ${role}`.execute(db)
    await sql`alter table ${sql.table(table)} enable row level security`.execute(db)
    await sql`alter table ${sql.table(table)} force row level security`.execute(db)
    await sql`create policy own_tenant on ${sql.table(table)} to ${role}
      using (tenant_id = current_setting('hawser.tenant', true))`.execute(db)
  }
  // This crossing shows which connections are to be checked and when; the rows hold only ids, a carrier and a time.
  await sql`create policy crossing_check on scheduled_check for select to ${role}
    using (current_setting('hawser.crossing', true) = 'check')`.execute(db)
  // Attempts are counted over all tenants, because a carrier locks an account whoever tries it. A row holds a hash and a time.
  await sql`grant select, insert, delete on verification_attempt to ${role}`.execute(db)
  // All tenants share the limit of a carrier. A row holds the name of the carrier and a time.
  await sql`grant select, insert, delete on check_turn to ${role}`.execute(db)
}
