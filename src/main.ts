import type { FastifyInstance } from 'fastify'
import { parseConfig, type EnvironmentVariables } from './config.ts'
import { createErasures } from './connections/deletes/erase-worker.ts'
import type { Context } from './context.ts'
import { openContext, type WantedInstallation } from './open-installation.ts'
import { StartRefused } from './errors.ts'
import { firstStartText } from './first-start-text.ts'
import { createChecks } from './health/checks.ts'
import { buildApp } from './http/app.ts'
import { createLog } from './log.ts'
import { openOutbound } from './outbound/http.ts'
import { endWithin, stopSignal } from './run.ts'
import { simulator } from './simulator/sandbox.ts'
import { setUpFirstTenant } from './tenants/first-tenant.ts'
import { version } from './version.ts'
import { createDeliveries } from './webhooks/deliver.ts'

/** Serves the API until SIGTERM or SIGINT, then lets running requests finish, and returns the exit code. Prints the first API keys at the very first start. */
export async function serve(env: EnvironmentVariables, wanted: WantedInstallation): Promise<number> {
  const stopped = stopSignal()
  const { config, warnings } = parseConfig(env)
  const log = createLog(config.logLevel)
  for (const warning of warnings) log.warn(warning)
  const outbound = openOutbound({ ...config.outbound, deliverInClear: config.webhooks.http, log })
  const ctx = await openContext(config, log, { wanted, outbound, simulator })
  const app = await buildApp(ctx, version)
  const metrics = await metricsServer(app, ctx)
  const workers = [createDeliveries(ctx), createChecks(ctx), createErasures(ctx)]
  try {
    if (metrics && config.metrics) await listen(metrics, config.metrics)
    const address = await listen(app, config.listen)
    // The first tenant is set up after the server listens: a start that fails must not make keys, since keys are shown only once.
    const first = await setUpFirstTenant(ctx)
    if (first) process.stdout.write(firstStartText(address, config, first))
    for (const worker of workers) worker.start()
    log.info({ address, version }, 'listening')
    await stopped
    log.info('stopping')
  } finally {
    await metrics?.close()
    await drain(app, workers, ctx)
  }
  return 0
}

async function metricsServer(
  app: FastifyInstance,
  { config, log }: Context,
): Promise<FastifyInstance | undefined> {
  if (!config.metrics) return undefined
  // The module is loaded only here, because most installations run without metrics.
  const { metricsApp, recordRequests } = await import('./http/server/metrics.ts')
  return metricsApp(recordRequests(app), log)
}

async function listen(app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why =
      code === 'EADDRINUSE'
        ? ': another program listens there, perhaps another Hawser; HAWSER_PORT names another port'
        : ''
    throw new StartRefused(`Hawser cannot listen on ${host}, port ${port} (${code})${why}.`, { cause: error })
  }
}

/** `LAST_LINES_MS` is the time in milliseconds for the last lines of the log to be read, even where requests used up all of the drain time. */
const LAST_LINES_MS = 500

type Worker = { stop(patienceMs: number): Promise<void> }

async function drain(app: FastifyInstance, workers: readonly Worker[], ctx: Context): Promise<void> {
  const patienceMs = ctx.config.limits.drainSeconds * 1_000
  const start = performance.now()
  const impatient = setTimeout(() => app.server.closeAllConnections(), patienceMs)
  await Promise.all([app.close(), ...workers.map((worker) => worker.stop(patienceMs))])
  clearTimeout(impatient)
  await ctx.outbound.close()
  await ctx.store.close()
  // Lines of the log that nobody reads would keep the process alive for ever.
  const leftMs = patienceMs - (performance.now() - start)
  endWithin(Math.max(LAST_LINES_MS, leftMs))
}
