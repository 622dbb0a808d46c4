import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'

/** Allows each name for only one tenant of the operator, and adds deleted tenants. Existing tenants with the same name stay, but do not reserve the name. */
export async function tenantNames(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  for (const column of ['name_key', 'deleted_at'])
    await db.schema.alterTable('tenant').addColumn(column, 'text').execute()
  const force = (how: string) =>
    dialect === 'postgres' && sql`alter table tenant ${sql.raw(how)} row level security`.execute(db)
  // Otherwise an owner who is not a superuser would see none of these rows.
  await force('no force')
  const { rows } = await sql<{ tenant_id: string; company_name: string }>`select tenant_id, company_name
    from tenant where partner_id is null order by created_at, tenant_id`.execute(db)
  const held = new Set<string>()
  for (const { tenant_id, company_name } of rows) {
    const key = company_name.trim().toUpperCase().toLowerCase()
    if (held.has(key)) continue
    held.add(key)
    await sql`update tenant set name_key = ${key} where tenant_id = ${tenant_id}`.execute(db)
  }
  await force('force')
  await sql`create unique index tenant_name on tenant (name_key) where name_key is not null`.execute(db)
}
