import { randomUUID } from 'node:crypto'
import fastify, { type FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client'
import type { Log } from '../../log.ts'
import { answerErrors } from './errors.ts'
import { plainTarget } from './target.ts'
import { answerUnknownRoutes } from './unknown-routes.ts'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15]

/** Counts and times the requests of `app`, and returns the registry of the metrics. Their labels are routes, methods, status codes and conditions, and never an id, a name or a value. */
export function recordRequests(app: FastifyInstance): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'hawser_' })
  const labelNames = ['method', 'route', 'status'] as const
  const registers = [registry]
  const total = new Counter({
    name: 'hawser_requests_total',
    help: 'Requests answered.',
    labelNames,
    registers,
  })
  const seconds = new Histogram({
    name: 'hawser_request_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames,
    buckets: SECONDS,
    registers,
  })
  const refusals = new Counter({
    name: 'hawser_refusals_total',
    help: 'Requests refused, by the name of the condition in docs/errors.md.',
    labelNames: ['condition'] as const,
    registers,
  })
  app.addHook('onResponse', async (request, reply) => {
    const labels = {
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: `${reply.statusCode}`,
    }
    total.inc(labels)
    if (request.refusal) refusals.inc({ condition: request.refusal })
    seconds.observe(labels, reply.elapsedTime / 1_000)
  })
  return registry
}

/** Returns a server that shows the metrics at `/metrics` without an API key; it listens on a port of its own. */
export function metricsApp(registry: Registry, log: Log): FastifyInstance {
  const app = fastify({
    logger: false,
    genReqId: () => randomUUID(),
    forceCloseConnections: true,
    rewriteUrl: plainTarget,
  })
  answerErrors(app, log)
  answerUnknownRoutes(app)
  app.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  )
  return app
}
