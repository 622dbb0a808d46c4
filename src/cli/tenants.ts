import { StartRefused } from '../errors.ts'
import { createTenant } from '../tenants/create-tenant.ts'
import { allTenants, operator } from '../tenants/operator.ts'
import type { Call } from './command.ts'
import { withContext } from './with-context.ts'

/** Creates a tenant and prints its id. */
export async function create({
  env,
  values,
  print,
}: Call<{ name: string; json?: boolean }>): Promise<number> {
  const name = requireName(values.name)
  const tenant = await withContext(env, (ctx) => createTenant(ctx, operator('cli'), name))
  print(
    values.json
      ? JSON.stringify({ id: tenant.tenant_id, name, created_at: tenant.created_at })
      : tenant.tenant_id,
  )
  return 0
}

/** Lists every tenant. */
export async function list({ env, values, print }: Call<{ json?: boolean }>): Promise<number> {
  const tenants = await withContext(env, allTenants)
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
  return 0
}

const LONGEST_NAME = 100

function requireName(text: string): string {
  const name = text.trim()
  if (name === '' || name.length > LONGEST_NAME || /\p{Cc}/u.test(name))
    throw new StartRefused(`--name must have 1 to ${LONGEST_NAME} characters and no control characters.`)
  return name
}
