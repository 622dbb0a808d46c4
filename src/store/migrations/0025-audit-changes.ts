import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'
import { APP_ROLE } from './0002-walls.ts'

/** Creates the table of the values before and after each event. They are sealed beside the event, which holds only their digest, so that they can be erased and the chain stays whole. */
export async function auditChanges(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const run = (statement: string) => sql.raw(statement).execute(db)
  const isSqlite = dialect === 'sqlite'
  const blob = isSqlite ? 'blob' : 'bytea'
  await run(`alter table audit_event add column changes_hash ${blob}`)
  await run(`create table audit_change (
    tenant_id text not null, seq ${isSqlite ? 'integer' : 'bigint'} not null, sealed ${blob} not null,
    primary key (tenant_id, seq)) ${isSqlite ? 'without rowid, strict' : ''}`)
  if (isSqlite)
    return void (await run(`create trigger audit_change_no_update before update on audit_change
      begin select raise(abort, 'what an event changed is never rewritten'); end`))
  await run(`grant select, insert, delete on audit_change to ${APP_ROLE}`)
  await run(`alter table audit_change enable row level security`)
  await run(`alter table audit_change force row level security`)
  await run(`create policy own_tenant on audit_change to ${APP_ROLE}
    using (tenant_id = current_setting('hawser.tenant', true))`)
}
