import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'

/** Allows tracking numbers that carriers use again for a new label, and finds labels by the caller's own shipment id. */
export async function recurringNumbers(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  await sql`drop index label_tracking`.execute(db)
  await sql`create index label_tracking on label
    (tenant_id, environment, tracking_number, carrier_id)`.execute(db)
  await sql`create unique index label_unsettled on label
    (tenant_id, environment, tracking_number, carrier_id)
    where status in ('processing', 'completed') and manifest_id is null`.execute(db)
  await sql`create index label_shipment on label
    (tenant_id, environment, external_shipment_id, created_at, label_id)
    where external_shipment_id is not null`.execute(db)
  if (dialect === 'sqlite') await tellSizes(db)
}

/** `SIZES` gives SQLite the sizes of the indexes for an account with a million labels. */
const SIZES = {
  label_tracking: '1000000 1000000 500000 1 1',
  label_unsettled: '20000 20000 10000 1 1',
  label_shipment: '1000000 1000000 500000 1 1 1',
}

async function tellSizes(db: Kysely<unknown>): Promise<void> {
  for (const [index, size] of Object.entries(SIZES))
    await sql`insert into sqlite_stat1 (tbl, idx, stat) values ('label', ${index}, ${size})`.execute(db)
  await sql`analyze sqlite_schema`.execute(db)
}
