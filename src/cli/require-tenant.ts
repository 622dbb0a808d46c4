import type { Context } from '../context.ts'
import { StartRefused } from '../errors.ts'
import { matchTenants } from '../tenants/names.ts'
import type { OperatorLists } from '../tenants/operator-lists.ts'

type Tenant = OperatorLists['tenants'][number]

/** Returns the tenant of this id or name from the database; throws `StartRefused` where there is none, or more than one. */
export async function requireTenant(ctx: Context, text: string): Promise<Tenant> {
  const { listAllTenants: allTenants } = await import('../tenants/operator.ts')
  return requireMatch(await allTenants(ctx), text)
}

/** Returns the tenant of this id or name from a list, and ignores deleted tenants; throws `StartRefused` where there is none, or more than one. */
export function requireMatch(tenants: readonly Tenant[], text: string): Tenant {
  const found = matchTenants(
    tenants.filter(({ deleted_at }) => deleted_at === null),
    text,
  )
  const [tenant] = found
  if (!tenant) throw new StartRefused('No tenant has this id or name; see "tenants list".')
  if (found.length > 1) throw new StartRefused(`${found.length} tenants have this name; give the id of one.`)
  return tenant
}
