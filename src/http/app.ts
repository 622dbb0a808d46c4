import { randomUUID } from 'node:crypto'
import fastify, { type FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import { requireKeys } from './server/authenticate.ts'
import { receiveBodies } from './server/body.ts'
import { answerErrors, headersOfAll, sendRefusal, UNSTORED, MALFORMED } from './server/errors.ts'
import { requirePlainHeaders } from './server/headers.ts'
import { collectRoutes } from './openapi/document.ts'
import { requireKnownParameters, requireWellFormedIds } from './server/known-parameters.ts'
import { limitRates } from './server/rate-limit.ts'
import { logRequests } from './server/request-log.ts'
import { apiDocsRoutes } from './routes/api-docs.ts'
import { auditRoutes } from './routes/audit.ts'
import { carrierConnectionRoutes } from './routes/connections/carrier-connections.ts'
import { carrierRoutes } from './routes/carriers.ts'
import { catalogRoutes } from './routes/catalog.ts'
import { connectionRoutes } from './routes/connections/search.ts'
import { custodyRoutes } from './routes/connections/credentials.ts'
import { deletePolicyRoutes } from './routes/connections/delete-policy.ts'
import { deleteRoutes } from './routes/connections/deletes.ts'
import { healthRoutes } from './routes/health.ts'
import { keyRoutes } from './routes/keys.ts'
import { labelRoutes } from './routes/labels.ts'
import { landingRoute } from './routes/landing.ts'
import { ltlRoutes } from './routes/connections/ltl.ts'
import { manifestRoutes } from './routes/manifests.ts'
import { partnerAccountRoutes } from './routes/partner-accounts.ts'
import { settingsRoutes } from './routes/connections/settings.ts'
import { signInPages, signInRoutes } from './routes/connections/sign-in.ts'
import { webhookRoutes } from './routes/webhooks.ts'
import { takeTurns } from './server/take-turns.ts'
import {
  answerOddRequests,
  answerUnreadable,
  closeSilentConnections,
  renewConnections,
} from './server/sockets.ts'
import { plainTarget } from './server/target.ts'
import { answerUnknownRoutes } from './server/unknown-routes.ts'

const MOST_HEADER_BYTES = 16_384
const HEADERS_MS = 10_000
const CHECK_MS = 1_000
const KEEP_ALIVE_MS = 65_000

/** Builds the HTTP server of a context, ready to listen or to get injected requests; the function has, in order, everything that is done to every request. */
export async function buildApp(ctx: Context, version: string): Promise<FastifyInstance> {
  const { config, log } = ctx
  const app = fastify({
    logger: false,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: config.listen.trustedProxies.length > 0 ? [...config.listen.trustedProxies] : false,
    bodyLimit: config.bodyLimits.usual,
    requestTimeout: config.limits.requestSeconds * 1_000,
    connectionTimeout: (config.limits.requestSeconds + 30) * 1_000,
    handlerTimeout: config.limits.handlerSeconds * 1_000,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    http: {
      maxHeaderSize: MOST_HEADER_BYTES,
      headersTimeout: Math.min(HEADERS_MS, config.limits.requestSeconds * 1_000),
      insecureHTTPParser: false,
      // A hook of Hawser refuses a request without the header Host, and answers with the error envelope.
      requireHostHeader: false,
      connectionsCheckingInterval: CHECK_MS,
    },
    rewriteUrl: plainTarget,
    routerOptions: { maxParamLength: MOST_HEADER_BYTES, caseSensitive: true },
    frameworkErrors: (_error, request, reply) => void sendRefusal(request, reply, MALFORMED),
    clientErrorHandler: answerUnreadable,
  })
  app.server.maxConnections = config.limits.connections
  closeSilentConnections(app)
  renewConnections(app)
  answerOddRequests(app)

  receiveBodies(app)
  answerErrors(app, log)
  answerUnknownRoutes(app)
  const described = collectRoutes(app)

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headersOfAll(request.id))
    if (request.routeOptions.config.scope !== undefined) reply.header('cache-control', UNSTORED)
    requirePlainHeaders(request)
  })
  takeTurns(app)
  requireKeys(app, ctx)
  await limitRates(app, config.rateLimits)
  requireKnownParameters(app)
  requireWellFormedIds(app)
  logRequests(app, log)

  await app.register(healthRoutes(ctx))
  for (const prefix of ['/v1', '/v2']) {
    await app.register(carrierConnectionRoutes(ctx), { prefix })
    await app.register(custodyRoutes(ctx, 'parcel'), { prefix })
    await app.register(deleteRoutes(ctx, 'parcel'), { prefix })
    await app.register(deletePolicyRoutes(ctx), { prefix })
    await app.register(signInRoutes(ctx), { prefix })
    await app.register(connectionRoutes(ctx), { prefix })
    await app.register(catalogRoutes, { prefix })
    await app.register(settingsRoutes(ctx), { prefix })
    await app.register(carrierRoutes(ctx, { paged: prefix === '/v2' }), { prefix })
    await app.register(auditRoutes(ctx), { prefix })
    await app.register(partnerAccountRoutes(ctx), { prefix })
    await app.register(keyRoutes(ctx), { prefix })
    await app.register(webhookRoutes(ctx), { prefix })
    await app.register(labelRoutes(ctx), { prefix })
    await app.register(manifestRoutes(ctx), { prefix })
    await app.register(signInPages(ctx), { prefix })
  }
  for (const prefix of ['/v-beta/ltl', '/v-beta/ltl/v1']) {
    await app.register(ltlRoutes(ctx), { prefix })
    await app.register(custodyRoutes(ctx, 'ltl'), { prefix })
    await app.register(deleteRoutes(ctx, 'ltl'), { prefix })
  }
  await app.register(landingRoute(version))
  await app.register(apiDocsRoutes(described, version))
  return app
}
