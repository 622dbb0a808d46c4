import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'

/** Whether webhooks have been told of trouble with a connection, and not yet that it is over. */
export async function toldTrouble(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  await db.schema
    .alterTable('connection')
    .addColumn('trouble_told', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
  const force = (how: string) =>
    dialect === 'postgres' && sql`alter table connection ${sql.raw(how)} row level security`.execute(db)
  // An owner that is no superuser sees no connection otherwise.
  await force('no force')
  await sql`update connection set trouble_told = 1
    where state in ('degraded', 'needs_reauth', 'action_required')`.execute(db)
  await force('force')
}
