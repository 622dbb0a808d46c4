import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'
import { APP_ROLE } from './0002-walls.ts'

/** Creates the tables of webhook endpoints, of messages, and of the deliveries of each message to each endpoint. */
export async function webhooks(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  await createTables(db, dialect)
  if (dialect === 'postgres') await confineServer(db)
}

async function createTables(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const { schema } = db
  const blob = dialect === 'sqlite' ? sql`blob` : sql`bytea`
  const clustered = dialect === 'sqlite' ? sql`without rowid, strict` : sql``
  const environments = sql`environment in ('production', 'sandbox')`

  await schema
    .createTable('webhook_endpoint')
    .addColumn('tenant_id', 'text', (column) => column.notNull().references('tenant.tenant_id'))
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('webhook_id', 'text', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('name', 'text')
    .addColumn('store_id', 'integer')
    .addColumn('header_names', 'text', (column) => column.notNull())
    .addColumn('sealed', blob, (column) => column.notNull())
    .addColumn('sealed_version', 'integer', (column) => column.notNull())
    .addColumn('failing_since', 'text')
    .addColumn('disabled_at', 'text')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('webhook_endpoint_key', ['tenant_id', 'environment', 'webhook_id'])
    .addCheckConstraint('webhook_endpoint_environment', environments)
    .modifyEnd(clustered)
    .execute()

  await schema
    .createTable('outbox_message')
    .addColumn('tenant_id', 'text', (column) => column.notNull().references('tenant.tenant_id'))
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('message_id', 'text', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('payload', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('outbox_message_key', ['tenant_id', 'environment', 'message_id'])
    .addCheckConstraint('outbox_message_environment', environments)
    .modifyEnd(clustered)
    .execute()
  await schema
    .createIndex('outbox_message_age')
    .on('outbox_message')
    .columns(['tenant_id', 'created_at'])
    .execute()

  await schema
    .createTable('webhook_delivery')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('webhook_id', 'text', (column) => column.notNull())
    .addColumn('message_id', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('next_at', 'text', (column) => column.notNull())
    .addColumn('claimed_until', 'text')
    .addColumn('fence', 'integer', (column) => column.notNull())
    .addColumn('last_at', 'text')
    .addColumn('last_status', 'integer')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('webhook_delivery_key', ['tenant_id', 'environment', 'webhook_id', 'message_id'])
    .addCheckConstraint('webhook_delivery_state', sql`state in ('pending', 'delivered', 'failed')`)
    .addForeignKeyConstraint(
      'webhook_delivery_endpoint',
      ['tenant_id', 'environment', 'webhook_id'],
      'webhook_endpoint',
      ['tenant_id', 'environment', 'webhook_id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .addForeignKeyConstraint(
      'webhook_delivery_message',
      ['tenant_id', 'environment', 'message_id'],
      'outbox_message',
      ['tenant_id', 'environment', 'message_id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .modifyEnd(clustered)
    .execute()
  await schema
    .createIndex('webhook_delivery_message_key')
    .on('webhook_delivery')
    .columns(['tenant_id', 'environment', 'message_id'])
    .execute()
  // Due deliveries are searched across tenants, and most rows of the table are deliveries that are done.
  await sql`create index webhook_delivery_due on webhook_delivery (tenant_id, next_at)
    where state = 'pending'`.execute(db)
}

async function confineServer(db: Kysely<unknown>): Promise<void> {
  const grants: Record<string, string> = {
    webhook_endpoint: 'select, insert, update, delete',
    outbox_message: 'select, insert, delete',
    webhook_delivery: 'select, insert, update, delete',
  }
  for (const [table, rights] of Object.entries(grants)) {
    await sql`grant ${sql.raw(rights)} on ${sql.table(table)} to ${sql.raw(APP_ROLE)}`.execute(db)
    await sql`alter table ${sql.table(table)} enable row level security`.execute(db)
    await sql`alter table ${sql.table(table)} force row level security`.execute(db)
    await sql`create policy own_tenant on ${sql.table(table)} to ${sql.raw(APP_ROLE)}
      using (tenant_id = current_setting('hawser.tenant', true))`.execute(db)
  }
  // This crossing shows which tenants have pending deliveries and when they are due, but no address, no payload and no finished delivery.
  await sql`create policy crossing_deliver on webhook_delivery for select to ${sql.raw(APP_ROLE)}
    using (current_setting('hawser.crossing', true) = 'deliver' and state = 'pending')`.execute(db)
}
