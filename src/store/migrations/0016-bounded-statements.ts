import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'
import { APP_ROLE } from './0002-walls.ts'

/** Makes sure that no statement reads all rows of an account: audit events are counted as they are written, and indexes of lists get the order in which pages are read. */
export async function boundedStatements(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  await countAuditEvents(db, dialect)

  // A delivery takes the time of its message, so that lists order it like the message even where the delivery was added later.
  await withoutWalls(db, dialect, ['webhook_delivery', 'outbox_message'], () =>
    sql`update webhook_delivery set created_at = (select message.created_at from outbox_message as message
      where message.tenant_id = webhook_delivery.tenant_id and message.environment = webhook_delivery.environment
        and message.message_id = webhook_delivery.message_id)`.execute(db),
  )
  await index(db, 'webhook_delivery_order', 'webhook_delivery', [
    ...['tenant_id', 'environment', 'webhook_id', 'created_at', 'message_id'],
  ])
  await sql`create index webhook_delivery_waiting on webhook_delivery (tenant_id, environment, webhook_id, next_at)
    where state = 'pending'`.execute(db)
  await index(db, 'outbox_message_type', 'outbox_message', [
    ...['tenant_id', 'environment', 'type', 'created_at', 'message_id'],
  ])
  await index(db, 'tombstone_order', 'tombstone', ['tenant_id', 'environment', 'deleted_at', 'carrier_id'])
  await index(db, 'tenant_partner', 'tenant', ['partner_id', 'created_at', 'tenant_id'])
  await index(db, 'connection_age', 'connection', ['tenant_id', 'environment', 'carrier', 'created_seq'])
}

const index = (db: Kysely<unknown>, name: string, table: string, columns: string[]) =>
  db.schema.createIndex(name).on(table).columns(columns).execute()

async function countAuditEvents(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const long = dialect === 'sqlite' ? sql`integer` : sql`bigint`
  await db.schema
    .createTable('audit_count')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('events', long, (column) => column.notNull())
    .addPrimaryKeyConstraint('audit_count_key', ['tenant_id', 'environment', 'action'])
    .modifyEnd(dialect === 'sqlite' ? sql`without rowid, strict` : sql``)
    .execute()
  await withoutWalls(db, dialect, ['audit_event'], () =>
    sql`insert into audit_count (tenant_id, environment, action, events)
      select tenant_id, coalesce(environment, ''), action, count(*) from audit_event
      group by tenant_id, coalesce(environment, ''), action`.execute(db),
  )
  if (dialect !== 'postgres') return
  const role = sql.raw(APP_ROLE)
  await sql`grant select, insert, update on audit_count to ${role}`.execute(db)
  await sql`alter table audit_count enable row level security`.execute(db)
  await sql`alter table audit_count force row level security`.execute(db)
  await sql`create policy own_tenant on audit_count to ${role}
    using (tenant_id = current_setting('hawser.tenant', true))`.execute(db)
}

/** Runs `work` while row-level security does not bind the owner of the tables; otherwise an owner who is not a superuser would see none of their rows. */
async function withoutWalls(
  db: Kysely<unknown>,
  dialect: Dialect,
  tables: readonly string[],
  work: () => Promise<unknown>,
): Promise<void> {
  const force = async (how: string) => {
    if (dialect === 'postgres')
      for (const table of tables)
        await sql`alter table ${sql.table(table)} ${sql.raw(how)} row level security`.execute(db)
  }
  await force('no force')
  await work()
  await force('force')
}
