import type { FastifyInstance } from 'fastify'
import { turns } from '../turns.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** For how long it has waited for its turns, in milliseconds. */
    waitedMs: number
  }
}

/**
 * Every request waits for its turn when it arrives, and again when it is known whose it is and its body is here.
 * A probe waits for nobody.
 */
export function takeTurns(app: FastifyInstance): void {
  app.decorateRequest('waitedMs', 0)
  app.server.on('connection', () => turns.accepted())
  app.addHook('onRequest', async (request) => {
    if (!request.routeOptions.config.description?.isProbe) request.waitedMs += await waitFor(turns.arrive())
  })
  app.addHook('preHandler', async (request) => {
    if (!request.routeOptions.config.description?.isProbe)
      request.waitedMs += await waitFor(
        turns.begin(request.keyId === undefined ? '' : request.actor.tenantId),
      )
  })
}

async function waitFor(turn: Promise<void> | undefined): Promise<number> {
  if (turn === undefined) return 0
  const start = performance.now()
  await turn
  return performance.now() - start
}
