import type { Context } from '../context.ts'
import { StartRefused } from '../errors.ts'
import { findTenantsByIdOrName, type Tenant } from '../tenants/operator.ts'

/** The tenant of this id or name; throws `StartRefused` where there is none, or more than one. */
export async function requireTenant(ctx: Context, text: string): Promise<Tenant> {
  const found = await findTenantsByIdOrName(ctx, text)
  const [tenant] = found
  if (!tenant) throw new StartRefused('No tenant has this id or name; see "tenants list".')
  if (found.length > 1) throw new StartRefused(`${found.length} tenants have this name; give the id of one.`)
  return tenant
}
