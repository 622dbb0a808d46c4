import type { FastifyInstance } from 'fastify'
import { parseConfig, type Config, type Environment } from './config.ts'
import { openContext, type Context } from './context.ts'
import { StartRefused } from './errors.ts'
import { buildApp } from './http/app.ts'
import { createLog, describeError } from './log.ts'
import { setUpFirstTenant } from './tenants/operator.ts'
import { firstStartText } from './first-start.ts'
import { version } from './version.ts'

/** Runs one program to its end: its exit code, 78 where the start was refused with its reason, 1 for anything unforeseen. */
export async function run(program: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await program()
  } catch (error) {
    if (error instanceof StartRefused) {
      const { name, code } = error.cause === undefined ? { name: '' } : describeError(error.cause)
      process.stderr.write(`${error.message}${name ? ` (${[name, code].filter(Boolean).join(' ')})` : ''}\n`)
      process.exitCode = StartRefused.exitCode
      return
    }
    process.stderr.write(`Hawser stopped: ${JSON.stringify(describeError(error))}\n`)
    process.exitCode = 1
  }
}

/** Serves until SIGTERM or SIGINT, then lets running requests finish. Prints the first keys at the very first start. */
export async function serve(env: Environment): Promise<number> {
  const { config, warnings } = parseConfig(env)
  const log = createLog(config.logLevel)
  for (const warning of warnings) log.warn(warning)
  const ctx = await openContext(config, log)
  const first = await setUpFirstTenant(ctx)
  const app = await buildApp(ctx, version)
  const metrics = await openMetrics(app, config)
  const address = await listen(app, config.listen)
  if (first) process.stdout.write(firstStartText(address, config, first))
  log.info({ address, version }, 'listening')
  await stopSignal()
  log.info('stopping')
  await metrics?.close()
  await drain(app, ctx)
  return 0
}

async function openMetrics(app: FastifyInstance, { metrics }: Config): Promise<FastifyInstance | undefined> {
  if (!metrics) return undefined
  // Loaded on demand: most installations run without.
  const { metricsApp, recordRequests } = await import('./http/metrics.ts')
  const server = metricsApp(recordRequests(app))
  await listen(server, metrics)
  return server
}

async function listen(app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new StartRefused(`Hawser cannot listen on ${host}, port ${port} (${code}).`, { cause: error })
  }
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
}

async function drain(app: FastifyInstance, { config, store }: Context): Promise<void> {
  const impatient = setTimeout(() => app.server.closeAllConnections(), config.limits.drainSeconds * 1_000)
  await app.close()
  clearTimeout(impatient)
  await store.close()
}
