import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'
import { APP_ROLE } from './0002-walls.ts'

/** Creates the table of the sealed access tokens that carriers minted for connections, with the claim of the process that fetches the next token. */
export async function tokens(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const blob = dialect === 'sqlite' ? sql`blob` : sql`bytea`
  const clustered = dialect === 'sqlite' ? sql`without rowid, strict` : sql``

  await db.schema
    .createTable('carrier_token')
    .addColumn('tenant_id', 'text', (column) => column.notNull().references('tenant.tenant_id'))
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('carrier_id', 'text', (column) => column.notNull())
    .addColumn('credentials_version', 'integer', (column) => column.notNull())
    .addColumn('sealed', blob)
    .addColumn('refresh_at', 'text')
    .addColumn('good_until', 'text')
    .addColumn('expires_at', 'text')
    .addColumn('holder', 'text')
    .addColumn('claimed_until', 'text')
    .addColumn('retry_at', 'text')
    .addColumn('fence', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('carrier_token_key', ['tenant_id', 'environment', 'carrier_id'])
    .addForeignKeyConstraint(
      'carrier_token_connection',
      ['tenant_id', 'environment', 'carrier_id'],
      'connection',
      ['tenant_id', 'environment', 'carrier_id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .modifyEnd(clustered)
    .execute()

  if (dialect === 'postgres') await confine(db)
}

async function confine(db: Kysely<unknown>): Promise<void> {
  const [role, table] = [sql.raw(APP_ROLE), sql.table('carrier_token')]
  await sql`grant select, insert, update, delete on ${table} to ${role}`.execute(db)
  await sql`alter table ${table} enable row level security`.execute(db)
  await sql`alter table ${table} force row level security`.execute(db)
  await sql`create policy own_tenant on ${table} to ${role}
    using (tenant_id = current_setting('hawser.tenant', true))`.execute(db)
}
