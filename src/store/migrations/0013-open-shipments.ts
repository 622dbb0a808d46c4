import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'
import { APP_ROLE } from './0002-walls.ts'

/** Orders the index of open labels so that pages can be read from it, and allows adding a link to a manifest's document later. */
export async function openShipments(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  // SQLite needs none of this: every index of this table ends in the label's id, and SQLite has no rights.
  if (dialect === 'sqlite') return
  await sql`drop index label_open`.execute(db)
  await sql`create index label_open on label (tenant_id, environment, carrier_id, ship_date, label_id)
    where status = 'completed' and manifest_id is null`.execute(db)
  await sql`grant update (download) on manifest to ${sql.raw(APP_ROLE)}`.execute(db)
}
