import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'

/** What else a deleted connection has to come back with: what webhooks were told of it, and when it was deleted. */
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
  // An owner that is no superuser sees none of them otherwise.
  await force('no force')
  // What was deleted before is judged as it was then.
  await sql`update buried_connection set deleted_seq = ${Number.MAX_SAFE_INTEGER},
    trouble_told = case when state in ('degraded', 'needs_reauth') then 1 else 0 end`.execute(db)
  await force('force')
}
