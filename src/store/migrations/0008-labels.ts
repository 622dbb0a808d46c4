import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'
import { APP_ROLE } from './0002-walls.ts'

/** Creates the tables of the labels of connections, of the numbers of labels of each kind, and of the manifests that labels stand in. */
export async function labels(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const clustered = dialect === 'sqlite' ? sql`without rowid, strict` : sql``
  const environments = sql`environment in ('production', 'sandbox')`
  const { schema } = db

  await schema
    .createTable('manifest')
    .addColumn('tenant_id', 'text', (column) => column.notNull().references('tenant.tenant_id'))
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('manifest_id', 'text', (column) => column.notNull())
    .addColumn('carrier_id', 'text', (column) => column.notNull())
    .addColumn('warehouse_id', 'text')
    .addColumn('ship_date', 'text', (column) => column.notNull())
    .addColumn('shipments', 'integer', (column) => column.notNull())
    .addColumn('submission_id', 'text')
    .addColumn('download', 'text')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('recorded_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('manifest_key', ['tenant_id', 'environment', 'manifest_id'])
    .addCheckConstraint('manifest_environment', environments)
    .modifyEnd(clustered)
    .execute()

  await schema
    .createTable('label')
    .addColumn('tenant_id', 'text', (column) => column.notNull().references('tenant.tenant_id'))
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('label_id', 'text', (column) => column.notNull())
    .addColumn('carrier_id', 'text', (column) => column.notNull())
    .addColumn('carrier', 'text', (column) => column.notNull())
    .addColumn('tracking_number', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('ship_date', 'text', (column) => column.notNull())
    .addColumn('warehouse_id', 'text')
    .addColumn('service_code', 'text')
    .addColumn('external_shipment_id', 'text')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('modified_at', 'text', (column) => column.notNull())
    .addColumn('voided_at', 'text')
    .addColumn('manifest_id', 'text')
    .addPrimaryKeyConstraint('label_key', ['tenant_id', 'environment', 'label_id'])
    .addCheckConstraint('label_environment', environments)
    .addCheckConstraint('label_status', sql`status in ('processing', 'completed', 'error', 'voided')`)
    .addCheckConstraint('label_voided', sql`(status = 'voided') = (voided_at is not null)`)
    .addForeignKeyConstraint('label_manifest', ['tenant_id', 'environment', 'manifest_id'], 'manifest', [
      'tenant_id',
      'environment',
      'manifest_id',
    ])
    .modifyEnd(clustered)
    .execute()

  // This table has one row for each kind of labels, so that a total never needs a count over the labels.
  await schema
    .createTable('label_count')
    .addColumn('tenant_id', 'text', (column) => column.notNull().references('tenant.tenant_id'))
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('carrier_id', 'text', (column) => column.notNull())
    .addColumn('warehouse_id', 'text', (column) => column.notNull())
    .addColumn('service_code', 'text', (column) => column.notNull())
    .addColumn('processing', 'integer', (column) => column.notNull())
    .addColumn('completed', 'integer', (column) => column.notNull())
    .addColumn('error', 'integer', (column) => column.notNull())
    .addColumn('voided', 'integer', (column) => column.notNull())
    .addColumn('open', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('label_count_key', [
      ...(['tenant_id', 'environment', 'carrier_id', 'warehouse_id', 'service_code'] as const),
    ])
    .modifyEnd(clustered)
    .execute()

  await indexLabels(db)
  if (dialect === 'sqlite') await tellSizes(db)
  if (dialect === 'postgres') await confine(db)
}

/** Creates the indexes in which each listing is one range in its own order; the columns before `created_at` are the columns that the listing filters by. */
async function indexLabels(db: Kysely<unknown>): Promise<void> {
  const index = (name: string, table: string, columns: string, where = '') =>
    sql
      .raw(
        `create index ${name} on ${table} (tenant_id, environment, ${columns}) ${where && `where ${where}`}`,
      )
      .execute(db)
  // The tracking number comes before the carrier, because some queries name only the tracking number.
  await sql`create unique index label_tracking on label
    (tenant_id, environment, tracking_number, carrier_id)`.execute(db)
  await index('label_created', 'label', 'created_at, label_id')
  await index('label_modified', 'label', 'modified_at, label_id')
  await index('label_voided', 'label', `coalesce(voided_at, ''), label_id`)
  await index('label_carrier', 'label', 'carrier_id, created_at, label_id')
  await index('label_status', 'label', 'status, created_at, label_id')
  await index('label_carrier_status', 'label', 'carrier_id, status, created_at, label_id')
  await index('label_warehouse', 'label', 'warehouse_id, created_at, label_id', 'warehouse_id is not null')
  await index(
    'label_warehouse_status',
    'label',
    'warehouse_id, status, created_at, label_id',
    'warehouse_id is not null',
  )
  await index('label_service', 'label', 'service_code, created_at, label_id', 'service_code is not null')
  await index('label_open', 'label', 'carrier_id, ship_date', `status = 'completed' and manifest_id is null`)
  await index('label_manifest', 'label', 'manifest_id, label_id', 'manifest_id is not null')

  await index('manifest_created', 'manifest', 'created_at, manifest_id')
  await index('manifest_carrier', 'manifest', 'carrier_id, created_at, manifest_id')
  await index('manifest_warehouse', 'manifest', 'warehouse_id, created_at, manifest_id')
  await index('manifest_ship_date', 'manifest', 'ship_date')
}

/**
 * `SIZES` gives the number of rows and the average number of rows for each prefix of an index, for an account with a million labels.
 * Otherwise SQLite assumes ten rows for each account, and reads all of the account's rows where an index would find one.
 */
const SIZES: Record<'label' | 'manifest', Record<string, string>> = {
  label: {
    label: '1000000 1000000 500000 1',
    label_tracking: '1000000 1000000 500000 1 1',
    label_created: '1000000 1000000 500000 2 1',
    label_modified: '1000000 1000000 500000 2 1',
    label_voided: '1000000 1000000 500000 20 1',
    label_carrier: '1000000 1000000 500000 100000 2 1',
    label_status: '1000000 1000000 500000 125000 2 1',
    label_carrier_status: '1000000 1000000 500000 100000 25000 2 1',
    label_warehouse: '1000000 1000000 500000 50000 2 1',
    label_warehouse_status: '1000000 1000000 500000 50000 12500 2 1',
    label_service: '1000000 1000000 500000 25000 2 1',
    label_open: '20000 20000 10000 2000 50',
    label_manifest: '1000000 1000000 500000 500 1',
  },
  manifest: {
    manifest: '4000 4000 2000 1',
    manifest_created: '4000 4000 2000 2 1',
    manifest_carrier: '4000 4000 2000 400 2 1',
    manifest_warehouse: '4000 4000 2000 200 2 1',
    manifest_ship_date: '4000 4000 2000 10',
  },
}

async function tellSizes(db: Kysely<unknown>): Promise<void> {
  for (const [table, sizes] of Object.entries(SIZES)) {
    // The table is still empty; `analyze` only creates the table `sqlite_stat1` for the sizes.
    await sql`analyze ${sql.table(table)}`.execute(db)
    await sql`delete from sqlite_stat1 where tbl = ${table}`.execute(db)
    for (const [index, size] of Object.entries(sizes))
      await sql`insert into sqlite_stat1 (tbl, idx, stat) values (${table}, ${index}, ${size})`.execute(db)
  }
  await sql`analyze sqlite_schema`.execute(db)
}

async function confine(db: Kysely<unknown>): Promise<void> {
  const role = sql.raw(APP_ROLE)
  const grants: Record<string, string> = {
    label: 'select, insert, update',
    label_count: 'select, insert, update',
    manifest: 'select, insert',
  }
  for (const [table, rights] of Object.entries(grants)) {
    await sql`grant ${sql.raw(rights)} on ${sql.table(table)} to ${role}`.execute(db)
    await sql`alter table ${sql.table(table)} enable row level security`.execute(db)
    await sql`alter table ${sql.table(table)} force row level security`.execute(db)
    await sql`create policy own_tenant on ${sql.table(table)} to ${role}
      using (tenant_id = current_setting('hawser.tenant', true))`.execute(db)
  }
}
