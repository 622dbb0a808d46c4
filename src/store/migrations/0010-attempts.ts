import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'
import { APP_ROLE } from './0002-walls.ts'

/** Distinguishes attempts that are under way from refused attempts. The earlier attempts are removed, because an attempt counts only for minutes. */
export async function attempts(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  await sql`delete from verification_attempt`.execute(db)
  await db.schema.alterTable('verification_attempt').addColumn('running_until', 'text').execute()
  if (dialect === 'postgres')
    await sql`grant update on verification_attempt to ${sql.raw(APP_ROLE)}`.execute(db)
}
