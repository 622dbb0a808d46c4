import { parseConfig, type EnvironmentVariables } from '../config.ts'
import type { Context } from '../context.ts'
import { openContext } from '../open-installation.ts'
import { createLog } from '../log.ts'

/** Runs `work` on the installation that the environment names, also while a server runs; throws `StartRefused` where there is no installation, and makes none. */
export async function withContext<T>(
  env: EnvironmentVariables,
  work: (ctx: Context) => Promise<T>,
): Promise<T> {
  const { config } = parseConfig(env)
  const log = createLog('fatal')
  const ctx = await openContext(config, log, { wanted: 'existing' })
  try {
    return await work(ctx)
  } finally {
    await ctx.store.close()
  }
}
