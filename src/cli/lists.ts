import { parseConfig, type EnvironmentVariables } from '../config.ts'
import { lookAtLists, type OperatorLists } from '../tenants/operator-lists.ts'

/** Returns every tenant and every API key of the installation that the environment names. Reads the database directly where that is enough, because the code that opens the installation takes long to load. */
export async function readLists(env: EnvironmentVariables): Promise<OperatorLists> {
  const seen = await lookAtLists(parseConfig(env))
  if (seen) return seen
  const { withContext } = await import('./with-context.ts')
  const { listAllKeys: allKeys } = await import('../tenants/keys/api-keys.ts')
  const { listTenantsAndDeleted: everyTenant } = await import('../tenants/operator.ts')
  return withContext(env, async (ctx) => ({ tenants: await everyTenant(ctx), keys: await allKeys(ctx) }))
}
