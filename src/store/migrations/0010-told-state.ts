import type { Kysely } from 'kysely'

/** The state that webhooks know of, of a connection whose state they were not told. */
export async function toldState(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('connection').addColumn('told_state', 'text').execute()
}
