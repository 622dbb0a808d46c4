import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'

/** `APP_ROLE` is the role that the server takes on every connection; the role owns nothing and cannot log in. */
export const APP_ROLE = 'hawser_app'

/** Forbids the server itself to change the audit log, on both databases, and to see another tenant's rows, on PostgreSQL. */
export async function walls(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  if (dialect === 'sqlite') await forbidAuditChanges(db)
  else await confineServer(db)
}

async function forbidAuditChanges(db: Kysely<unknown>): Promise<void> {
  for (const change of ['update', 'delete'])
    await sql`create trigger ${sql.raw(`audit_event_no_${change}`)} before ${sql.raw(change)} on audit_event
      begin select raise(abort, 'the audit log only grows'); end`.execute(db)
}

async function confineServer(db: Kysely<unknown>): Promise<void> {
  await sql`do $$ begin
    if not exists (select from pg_roles where rolname = '${sql.raw(APP_ROLE)}') then
      create role ${sql.raw(APP_ROLE)} nologin;
    end if;
    -- From version 16 on, who creates a role may grant it but not take it.
    if not pg_has_role(current_user, '${sql.raw(APP_ROLE)}',
      case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end) then
      execute format('grant ${sql.raw(APP_ROLE)} to %I', current_user);
    end if;
    execute format('grant usage on schema %I to ${sql.raw(APP_ROLE)}', current_schema());
  exception when duplicate_object or unique_violation then null;
  end $$`.execute(db)

  const grants: Record<string, string> = {
    installation: 'select, insert',
    key_term: 'select, insert',
    tenant: 'select, insert, update',
    api_key: 'select, insert, update',
    connection: 'select, insert, update, delete',
    tombstone: 'select, insert',
    audit_head: 'select, insert, update',
    audit_event: 'select, insert',
    hawser_migration: 'select',
    hawser_migration_lock: 'select',
  }
  for (const [table, rights] of Object.entries(grants))
    await sql`grant ${sql.raw(rights)} on ${sql.table(table)} to ${sql.raw(APP_ROLE)}`.execute(db)

  for (const table of ['tenant', 'api_key', 'connection', 'tombstone', 'audit_head', 'audit_event']) {
    await sql`alter table ${sql.table(table)} enable row level security`.execute(db)
    await sql`alter table ${sql.table(table)} force row level security`.execute(db)
    await sql`create policy own_tenant on ${sql.table(table)} to ${sql.raw(APP_ROLE)}
      using (tenant_id = current_setting('hawser.tenant', true))`.execute(db)
  }
  // Each path across tenants opens the tables that it needs, for reading only. No path opens connections or the audit log.
  const crossings: [path: string, table: string, rows: string][] = [
    ['authenticate', 'api_key', 'true'],
    ['authenticate', 'tenant', 'true'],
    ['operate', 'api_key', 'true'],
    ['operate', 'tenant', 'true'],
    ['partner', 'tenant', `partner_id = current_setting('hawser.partner', true)`],
  ]
  for (const [path, table, rows] of crossings)
    await sql`create policy ${sql.raw(`crossing_${path}`)} on ${sql.table(table)} for select to ${sql.raw(APP_ROLE)}
      using (current_setting('hawser.crossing', true) = ${sql.lit(path)} and ${sql.raw(rows)})`.execute(db)
}
