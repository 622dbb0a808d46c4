import type { FastifyInstance, FastifyRequest } from 'fastify'
import { turns, type Visit } from '../../turns.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** `visit` records how long the request has waited; it is `null` where the request was refused before its first wait. */
    visit: Visit | null
  }
}

/**
 * Lets every request wait until the thread is free for it: when it arrives, and again when its tenant is known and its body has arrived.
 * A probe does not wait.
 */
export function takeTurns(app: FastifyInstance): void {
  app.decorateRequest('visit', null)
  app.server.on('connection', () => turns.accepted())
  app.addHook('onRequest', (request, _reply, next) => {
    request.visit = { waitedMs: 0, hasWritten: false }
    turns.enter(request.visit, next)
  })
  app.addHook('onRequest', (request) => wait(request, () => turns.arrive()))
  app.addHook('preHandler', (request) =>
    wait(request, () => turns.begin(request.keyId === undefined ? '' : request.actor.tenantId)),
  )
}

async function wait(
  { visit, routeOptions }: FastifyRequest,
  take: () => Promise<void> | undefined,
): Promise<void> {
  if (routeOptions.config.description?.isProbe) return
  const turn = take()
  if (turn === undefined) return
  const start = performance.now()
  await turn
  if (visit) visit.waitedMs += performance.now() - start
}
