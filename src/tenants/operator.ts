import { EVERY_PERMISSION, type Context } from '../context.ts'
import type { Environment, Tenant } from '../store/schema/tables.ts'
import { hasApiKeys } from '../store/tables/tenants/api-keys.ts'
import { findTenant, listTenants } from '../store/tables/tenants/tenants.ts'
import { storeKey, type IssuedKey } from './keys/api-keys.ts'
import { storeTenant } from './create-tenant.ts'
import { matchNames, matchTenants } from './names.ts'

/** Returns the actor for the command line of the machine itself, or for the system, without a tenant. */
export const operator = (
  name: 'cli' | 'system',
  { environment = 'production' }: { environment?: Environment } = {},
) => ({
  environment,
  name,
  scopes: EVERY_PERMISSION,
  requestId: undefined,
  ip: undefined,
})

export type { Tenant }

/** Lists every tenant of the installation, deleted ones too, oldest first. */
export function listTenantsAndDeleted({ store }: Context): Promise<Tenant[]> {
  return store.cross({ path: 'operate' }, listTenants)
}

/** Lists every tenant of the installation that is not deleted, oldest first. */
export async function listAllTenants(ctx: Context): Promise<Tenant[]> {
  return (await listTenantsAndDeleted(ctx)).filter(({ deleted_at }) => deleted_at === null)
}

/** Finds the tenants that have this name in any case. */
export const findNamesakes = async (ctx: Context, name: string): Promise<Tenant[]> =>
  matchNames(await listAllTenants(ctx), name)

/** Finds the tenant with this id or, where there is none, every tenant with this name. */
export const findTenantsByIdOrName = async (ctx: Context, text: string): Promise<Tenant[]> =>
  matchTenants(await listAllTenants(ctx), text)

/** `FIRST_TENANT` is a fixed id, so that two processes that start together make one tenant and not two. */
const FIRST_TENANT = 'se-default'

/** Makes, at the first start, the tenant `default` with an API key for each environment; returns `undefined` where the installation has API keys already. */
export async function setUpFirstTenant(ctx: Context): Promise<Record<Environment, IssuedKey> | undefined> {
  if (await ctx.store.cross({ path: 'operate' }, hasApiKeys)) return undefined
  return ctx.store.transaction(FIRST_TENANT, async (tx) => {
    if (await findTenant(tx, FIRST_TENANT)) return undefined
    const actor = { ...operator('system'), tenantId: FIRST_TENANT }
    if (!(await storeTenant(ctx, tx, actor, { companyName: 'default' }))) return undefined
    const issue = (environment: Environment) =>
      storeKey(ctx, tx, actor, {
        wanted: { environment, scopes: ['admin'], description: 'made at the first start' },
      })
    return { production: await issue('production'), sandbox: await issue('sandbox') }
  })
}
