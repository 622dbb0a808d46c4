import { parseConfig, type Environment } from '../config.ts'
import { openContext, type Context } from '../context.ts'
import { createLog } from '../log.ts'

/** Runs `work` on the installation that the environment names, beside a running server or without one; where there is none, it makes none. */
export async function withContext<T>(env: Environment, work: (ctx: Context) => Promise<T>): Promise<T> {
  const { config } = parseConfig(env)
  const log = createLog('fatal')
  const ctx = await openContext(config, log, { wanted: 'existing' })
  try {
    return await work(ctx)
  } finally {
    await ctx.store.close()
  }
}
