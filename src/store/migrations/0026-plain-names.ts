import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'

/** Gives the table of the deleted connections that can be restored its plain name, and removes a column that nothing read. */
export async function plainNames(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const run = (statement: string) => sql.raw(statement).execute(db)
  // Where the names are given already, only making the table anew fails in a way that says so.
  await run('create table deleted_connection (tenant_id text)')
  await run('drop table deleted_connection')
  await run('alter table buried_connection rename to deleted_connection')
  await run('alter table deleted_connection rename column had_twin to had_duplicate')
  await run('alter table carrier_token drop column holder')
  if (dialect === 'sqlite') {
    // SQLite keeps the names of constraints in the text of the table; nothing reads them there.
    await run('drop index buried_connection_account')
    await run('drop index buried_connection_erasure')
    await run(
      'create index deleted_connection_account on deleted_connection (tenant_id, environment, carrier, account_key)',
    )
    await run('create index deleted_connection_erasure on deleted_connection (erase_after)')
    return
  }
  for (const name of ['key', 'tombstone'])
    await run(
      `alter table deleted_connection rename constraint buried_connection_${name} to deleted_connection_${name}`,
    )
  for (const name of ['account', 'erasure'])
    await run(`alter index buried_connection_${name} rename to deleted_connection_${name}`)
}
