import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'

/** Adds the mark of connections for which a webhook has announced trouble and not yet the end of the trouble. */
export async function toldTrouble(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  await db.schema
    .alterTable('connection')
    .addColumn('trouble_told', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
  const force = (how: string) =>
    dialect === 'postgres' && sql`alter table connection ${sql.raw(how)} row level security`.execute(db)
  // Otherwise an owner who is not a superuser would see no connection.
  await force('no force')
  await sql`update connection set trouble_told = 1
    where state in ('degraded', 'needs_reauth', 'action_required')`.execute(db)
  await force('force')
}
