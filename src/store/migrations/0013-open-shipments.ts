import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'
import { APP_ROLE } from './0002-walls.ts'

/** Open labels in an order that pages can be cut from, and links to documents that come after their manifests. */
export async function openShipments(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  // On SQLite every index of this table ends in the label's id, and there are no rights.
  if (dialect === 'sqlite') return
  await sql`drop index label_open`.execute(db)
  await sql`create index label_open on label (tenant_id, environment, carrier_id, ship_date, label_id)
    where status = 'completed' and manifest_id is null`.execute(db)
  await sql`grant update (download) on manifest to ${sql.raw(APP_ROLE)}`.execute(db)
}
