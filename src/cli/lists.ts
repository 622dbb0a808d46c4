import { parseConfig, type Environment } from '../config.ts'
import { lookAtLists, type OperatorLists } from '../tenants/operator-lists.ts'

/** Every tenant and key of the installation that the environment names. It is opened only where a look is not enough, as the rest of it takes long to load. */
export async function readLists(env: Environment): Promise<OperatorLists> {
  const seen = await lookAtLists(parseConfig(env))
  if (seen) return seen
  const { withContext } = await import('./with-context.ts')
  const { allKeys } = await import('../tenants/keys/api-keys.ts')
  const { everyTenant } = await import('../tenants/operator.ts')
  return withContext(env, async (ctx) => ({ tenants: await everyTenant(ctx), keys: await allKeys(ctx) }))
}
