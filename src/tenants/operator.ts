import { EVERY_PERMISSION, type Context } from '../context.ts'
import type { Environment, Tenant } from '../store/schema/tables.ts'
import { listTenants } from '../store/tables/tenants/tenants.ts'
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
