import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'

/** Creates the tables of the first release. On SQLite, the tables of tenants are clustered by their key, so that the rows of one tenant lie together. */
export async function foundation(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const blob = dialect === 'sqlite' ? sql`blob` : sql`bytea`
  const clustered = dialect === 'sqlite' ? sql`without rowid, strict` : sql``
  const strict = dialect === 'sqlite' ? sql`strict` : sql``
  const truth = dialect === 'sqlite' ? sql`integer` : sql`smallint`
  const long = dialect === 'sqlite' ? sql`integer` : sql`bigint`
  const environments = sql`environment in ('production', 'sandbox')`
  const { schema } = db

  await schema
    .createTable('installation')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .modifyEnd(strict)
    .execute()

  await schema
    .createTable('key_term')
    .addColumn('term', 'integer', (column) => column.primaryKey())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('kek_id', 'text', (column) => column.notNull())
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('wrapped', blob, (column) => column.notNull())
    .addColumn('kcv', blob, (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('activated_at', 'text')
    .addColumn('retired_at', 'text')
    .addCheckConstraint('key_term_state', sql`state in ('active', 'decrypt_only', 'destroyed')`)
    .modifyEnd(strict)
    .execute()
  await sql`create unique index key_term_active on key_term (state) where state = 'active'`.execute(db)

  await schema
    .createTable('tenant')
    .addColumn('tenant_id', 'text', (column) => column.primaryKey())
    .addColumn('partner_id', 'text')
    .addColumn('external_account_id', 'text')
    .addColumn('company_name', 'text', (column) => column.notNull())
    .addColumn('first_name', 'text')
    .addColumn('last_name', 'text')
    .addColumn('email', 'text')
    .addColumn('origin_country_code', 'text')
    .addColumn('active', truth, (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('modified_at', 'text', (column) => column.notNull())
    .modifyEnd(strict)
    .execute()
  await sql`create unique index tenant_external on tenant (partner_id, external_account_id)
    where external_account_id is not null`.execute(db)

  await schema
    .createTable('api_key')
    .addColumn('key_id', 'text', (column) => column.primaryKey())
    .addColumn('tenant_id', 'text', (column) => column.notNull().references('tenant.tenant_id'))
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('scopes', 'text', (column) => column.notNull())
    .addColumn('secret_hash', blob, (column) => column.notNull())
    .addColumn('description', 'text')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'text')
    .addColumn('revoked_at', 'text')
    .addCheckConstraint('api_key_environment', environments)
    .modifyEnd(strict)
    .execute()
  await schema.createIndex('api_key_tenant').on('api_key').columns(['tenant_id', 'created_at']).execute()

  await schema
    .createTable('connection')
    .addColumn('tenant_id', 'text', (column) => column.notNull().references('tenant.tenant_id'))
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('carrier_id', 'text', (column) => column.notNull())
    .addColumn('mode', 'text', (column) => column.notNull())
    .addColumn('carrier', 'text', (column) => column.notNull())
    .addColumn('scac', 'text')
    .addColumn('nickname', 'text')
    .addColumn('account_number', 'text')
    .addColumn('account_key', 'text')
    .addColumn('is_primary', truth, (column) => column.notNull())
    .addColumn('connection_status', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('created_seq', long, (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .addColumn('credentials', blob, (column) => column.notNull())
    .addColumn('credentials_version', 'integer', (column) => column.notNull())
    .addColumn('settings', blob)
    .addColumn('settings_version', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('connection_key', ['tenant_id', 'environment', 'carrier_id'])
    .addCheckConstraint('connection_environment', environments)
    .addCheckConstraint('connection_mode', sql`mode in ('parcel', 'ltl')`)
    .modifyEnd(clustered)
    .execute()
  await sql`create unique index connection_primary on connection (tenant_id, environment, carrier)
    where is_primary = 1`.execute(db)
  await schema
    .createIndex('connection_order')
    .unique()
    .on('connection')
    .columns(['tenant_id', 'environment', 'mode', 'created_seq'])
    .execute()
  await schema
    .createIndex('connection_account')
    .on('connection')
    .columns(['tenant_id', 'environment', 'carrier', 'account_key'])
    .execute()

  await schema
    .createTable('tombstone')
    .addColumn('tenant_id', 'text', (column) => column.notNull().references('tenant.tenant_id'))
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('carrier_id', 'text', (column) => column.notNull())
    .addColumn('carrier', 'text', (column) => column.notNull())
    .addColumn('nickname', 'text')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('deleted_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('tombstone_key', ['tenant_id', 'environment', 'carrier_id'])
    .modifyEnd(clustered)
    .execute()

  await schema
    .createTable('audit_head')
    .addColumn('tenant_id', 'text', (column) => column.primaryKey())
    .addColumn('seq', long, (column) => column.notNull())
    .addColumn('hash', blob, (column) => column.notNull())
    .modifyEnd(strict)
    .execute()

  await schema
    .createTable('audit_event')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('seq', long, (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('environment', 'text')
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('carrier_id', 'text')
    .addColumn('subject', 'text')
    .addColumn('fields', 'text', (column) => column.notNull())
    .addColumn('version', 'integer')
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('request_id', 'text')
    .addColumn('ip', 'text')
    .addColumn('envelope_hash', blob)
    .addColumn('prev_hash', blob, (column) => column.notNull())
    .addColumn('hash', blob, (column) => column.notNull())
    .addPrimaryKeyConstraint('audit_event_key', ['tenant_id', 'seq'])
    .modifyEnd(clustered)
    .execute()
  await schema
    .createIndex('audit_event_carrier')
    .on('audit_event')
    .columns(['tenant_id', 'carrier_id', 'seq'])
    .execute()
}
