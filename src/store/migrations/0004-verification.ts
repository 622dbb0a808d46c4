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
  for (const column of ['state_since', 'checked_at', 'diagnosis', 'next_check_at'])
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

  if (dialect === 'postgres') await confine(db)
}

async function confine(db: Kysely<unknown>): Promise<void> {
  const role = sql.raw(APP_ROLE)
  await sql`grant select, insert, update, delete on previous_credentials to ${role}`.execute(db)
  await sql`alter table previous_credentials enable row level security`.execute(db)
  await sql`alter table previous_credentials force row level security`.execute(db)
  await sql`create policy own_tenant on previous_credentials to ${role}
    using (tenant_id = current_setting('hawser.tenant', true))`.execute(db)
  // Counted over all tenants on purpose: a carrier locks an account whoever tries it. It holds a hash and a time.
  await sql`grant select, insert, delete on verification_attempt to ${role}`.execute(db)
}
