import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'
import { APP_ROLE } from './0002-walls.ts'

/** What is known of each connection's credentials, the version before the current one, and how often an account was refused. */
export async function verification(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const blob = dialect === 'sqlite' ? sql`blob` : sql`bytea`
  const clustered = dialect === 'sqlite' ? sql`without rowid, strict` : sql``
  const { schema } = db

  const states = sql`state in ('verified', 'unverified', 'degraded', 'needs_reauth', 'action_required')`
  await schema
    .alterTable('connection')
    .addColumn('state', 'text', (column) => column.notNull().defaultTo('unverified').check(states))
    .execute()
  // One column at a time, since SQLite takes no more.
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

  // As many rows of an account as it may be tried: the key holds the limit, whoever tries at the same time.
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

  // As many rows of a carrier as it may be asked in a minute, by however many processes.
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

/** What was connected before is checked too, as soon as its carrier's turn comes. */
async function planFirstChecks(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const force = (how: string) =>
    dialect === 'postgres' && sql`alter table connection ${sql.raw(how)} row level security`.execute(db)
  // An owner that is no superuser sees no connection otherwise.
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
  // Which connections are to be checked, and when: ids, a carrier and a time.
  await sql`create policy crossing_check on scheduled_check for select to ${role}
    using (current_setting('hawser.crossing', true) = 'check')`.execute(db)
  // Counted over all tenants on purpose: a carrier locks an account whoever tries it. It holds a hash and a time.
  await sql`grant select, insert, delete on verification_attempt to ${role}`.execute(db)
  // The name of a carrier and a time: a carrier's budget is one for all tenants.
  await sql`grant select, insert, delete on check_turn to ${role}`.execute(db)
}
