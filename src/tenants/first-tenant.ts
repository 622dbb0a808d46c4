import type { Context } from '../context.ts'
import type { Environment } from '../store/schema/tables.ts'
import { hasApiKeys } from '../store/tables/tenants/api-keys.ts'
import { findTenant } from '../store/tables/tenants/tenants.ts'
import { storeTenant } from './create-tenant.ts'
import { storeKey, type IssuedKey } from './keys/api-keys.ts'
import { operator } from './operator.ts'

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
