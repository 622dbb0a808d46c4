import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'
import { APP_ROLE } from './0002-walls.ts'

/** Creates the table of webhooks whose signing secret was replaced, with the time until which the previous secret signs too; both secrets are sealed in the webhook's own envelope. */
export async function webhookSecretRotation(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const clustered = dialect === 'sqlite' ? sql`without rowid, strict` : sql``
  const { schema } = db

  await schema
    .createTable('webhook_rotation')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('webhook_id', 'text', (column) => column.notNull())
    .addColumn('ends_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('webhook_rotation_key', ['tenant_id', 'environment', 'webhook_id'])
    .addForeignKeyConstraint(
      'webhook_rotation_endpoint',
      ['tenant_id', 'environment', 'webhook_id'],
      'webhook_endpoint',
      ['tenant_id', 'environment', 'webhook_id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .modifyEnd(clustered)
    .execute()
  await schema.createIndex('webhook_rotation_end').on('webhook_rotation').column('ends_at').execute()

  if (dialect === 'postgres') await confine(db)
}

async function confine(db: Kysely<unknown>): Promise<void> {
  const [role, table] = [sql.raw(APP_ROLE), sql.table('webhook_rotation')]
  await sql`grant select, insert, update, delete on ${table} to ${role}`.execute(db)
  await sql`alter table ${table} enable row level security`.execute(db)
  await sql`alter table ${table} force row level security`.execute(db)
  await sql`create policy own_tenant on ${table} to ${role}
    using (tenant_id = current_setting('hawser.tenant', true))`.execute(db)
  // This crossing shows which webhooks hold a secret that has ended; the rows hold only ids and a time.
  await sql`create policy crossing_deliver on ${table} for select to ${role}
    using (current_setting('hawser.crossing', true) = 'deliver')`.execute(db)
}
