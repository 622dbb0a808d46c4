import { findDoubles } from '../../tenants/names.ts'
import type { CommandCall } from '../command.ts'
import { readLists } from '../lists.ts'

/** Prints every tenant that is not deleted, and a warning where several tenants have one name. */
export async function list({ env, values, print }: CommandCall<{ json?: boolean }>): Promise<number> {
  const tenants = (await readLists(env)).tenants.filter(({ deleted_at }) => deleted_at === null)
  const rows = tenants.map(({ tenant_id, company_name, active, partner_id, created_at }) => ({
    id: tenant_id,
    name: company_name,
    active: active === 1,
    partner_id,
    created_at,
  }))
  if (values.json) print(JSON.stringify({ tenants: rows }))
  else
    for (const { id, name, active } of rows)
      print(`${id.padEnd(26)} ${active ? 'active  ' : 'disabled'} ${name}`)
  for (const same of findDoubles(tenants))
    // The warning goes to standard error, so that standard output has nothing but the list.
    process.stderr.write(
      `${same.map(({ tenant_id }) => tenant_id).join(', ')} have one name: say which one by its id, or rename them.\n`,
    )
  return 0
}
