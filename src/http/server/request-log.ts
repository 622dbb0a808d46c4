import type { FastifyInstance } from 'fastify'
import type { Log } from '../../log.ts'

/** Writes one line to the log for each request, with the pattern of its route and the id of its API key, and never with the URL, the query, a header or the body. */
export function logRequests(app: FastifyInstance, log: Log): void {
  app.addHook('onResponse', async (request, reply) => {
    const waitedMs = request.visit?.waitedMs ?? 0
    log.info({
      id: request.id,
      method: request.method,
      route: request.routeOptions.url ?? null,
      status: reply.statusCode,
      refusal: request.refusal,
      ms: tenths(reply.elapsedTime),
      ...(waitedMs > 0 ? { waited: tenths(waitedMs) } : {}),
      key: request.keyId,
      tenant: request.keyId && request.actor.tenantId,
    })
  })
}

const tenths = (ms: number) => Math.round(ms * 10) / 10
