import { sql, type Kysely } from 'kysely'

/** Adds the last use of an API key, and the environment in which an account was made, so that an account of the sandbox stays in the sandbox. */
export async function keyEnvironments(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('tenant')
    .addColumn('environment', 'text', (column) =>
      column
        .notNull()
        .defaultTo('production')
        .check(sql`environment in ('production', 'sandbox')`),
    )
    .execute()
  await sql`drop index tenant_external`.execute(db)
  await sql`create unique index tenant_external on tenant (partner_id, environment, external_account_id)
    where external_account_id is not null`.execute(db)
  await db.schema.alterTable('api_key').addColumn('last_used_at', 'text').execute()
}
