import { EVERY_PERMISSION, type Context } from '../context.ts'
import type { Environment, Tenant } from '../store/schema/tables.ts'
import { hasApiKeys } from '../store/tables/tenants/api-keys.ts'
import { findTenant, listTenants } from '../store/tables/tenants/tenants.ts'
import { storeKey, type IssuedKey } from './keys/api-keys.ts'
import { storeTenant } from './create-tenant.ts'
import { matchNames, matchTenants } from './names.ts'

/** Who acts at the command line of the machine itself. */
export const operator = (name: 'cli' | 'system', environment: Environment = 'production') => ({
  environment,
  name,
  scopes: EVERY_PERMISSION,
  requestId: undefined,
  ip: undefined,
})

export type { Tenant }

/** Every tenant that there ever was, deleted ones too, oldest first. */
export function everyTenant({ store }: Context): Promise<Tenant[]> {
  return store.cross({ path: 'operate' }, listTenants)
}

/** Every tenant of the installation, oldest first. */
export async function allTenants(ctx: Context): Promise<Tenant[]> {
  return (await everyTenant(ctx)).filter(({ deleted_at }) => deleted_at === null)
}

/** The tenants that have this name, whatever its case. */
export const findNamesakes = async (ctx: Context, name: string): Promise<Tenant[]> =>
  matchNames(await allTenants(ctx), name)

/** The tenant with this id or, where none has it, every tenant of this name. */
export const findTenantsByIdOrName = async (ctx: Context, text: string): Promise<Tenant[]> =>
  matchTenants(await allTenants(ctx), text)

/** The fixed id lets two processes that start together make one tenant and not two. */
const FIRST_TENANT = 'se-default'

/** At the very first start: the tenant `default` with a key for each environment. `undefined` when there are keys already. */
export async function setUpFirstTenant(ctx: Context): Promise<Record<Environment, IssuedKey> | undefined> {
  if (await ctx.store.cross({ path: 'operate' }, hasApiKeys)) return undefined
  return ctx.store.transaction(FIRST_TENANT, async (tx) => {
    if (await findTenant(tx, FIRST_TENANT)) return undefined
    const actor = { ...operator('system'), tenantId: FIRST_TENANT }
    if (!(await storeTenant(ctx, tx, actor, 'default'))) return undefined
    const issue = (environment: Environment) =>
      storeKey(ctx, tx, actor, { environment, scopes: ['admin'], description: 'made at the first start' })
    return { production: await issue('production'), sandbox: await issue('sandbox') }
  })
}
