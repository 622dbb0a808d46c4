import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'

/** Keeps two more values of a deleted connection for a restore: whether a webhook announced trouble, and the number of the delete's audit event. */
export async function keptStanding(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const long = dialect === 'sqlite' ? sql`integer` : sql`bigint`
  const add = (name: string, type: typeof long) =>
    db.schema
      .alterTable('buried_connection')
      .addColumn(name, type, (column) => column.notNull().defaultTo(0))
      .execute()
  await add('trouble_told', sql`integer`)
  await add('deleted_seq', long)
  const force = (how: string) =>
    dialect === 'postgres' &&
    sql`alter table buried_connection ${sql.raw(how)} row level security`.execute(db)
  // Otherwise an owner who is not a superuser would see none of these rows.
  await force('no force')
  // The largest number makes a connection that was deleted before this migration count as deleted after every other event.
  await sql`update buried_connection set deleted_seq = ${Number.MAX_SAFE_INTEGER},
    trouble_told = case when state in ('degraded', 'needs_reauth') then 1 else 0 end`.execute(db)
  await force('force')
}
