import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import fastify, { type FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import { ApiError, type ConditionName } from '../errors.ts'
import { requireKeys } from './authenticate.ts'
import { receiveBodies } from './body.ts'
import { answerErrors, errorEnvelope, sendRefusal } from './errors.ts'
import { requirePlainHeaders } from './headers.ts'
import { collectRoutes } from './openapi.ts'
import { limitRates } from './rate-limit.ts'
import { logRequests } from './request-log.ts'
import { apiDocsRoutes } from './routes/api-docs.ts'
import { auditRoutes } from './routes/audit.ts'
import { carrierConnectionRoutes } from './routes/carrier-connections.ts'
import { carrierRoutes } from './routes/carriers.ts'
import { catalogRoutes } from './routes/catalog.ts'
import { healthRoutes } from './routes/health.ts'
import { ltlRoutes } from './routes/ltl.ts'
import { partnerAccountRoutes } from './routes/partner-accounts.ts'
import { settingsRoutes } from './routes/settings.ts'
import { webhookRoutes } from './routes/webhooks.ts'
import { answerUnknownRoutes } from './unknown-routes.ts'

const LONGEST_PARAMETER = 500
const MOST_HEADER_BYTES = 16_384
const HEADERS_MS = 10_000
const CHECK_MS = 1_000
const KEEP_ALIVE_MS = 65_000
const REQUESTS_A_CONNECTION = 1_000

const MALFORMED = new ApiError([
  { condition: 'request_malformed', message: 'The request is not well-formed.' },
])

/** The whole HTTP side of a context, ready to listen or to be injected into; what it does to every request stands here in order. */
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
    maxRequestsPerSocket: REQUESTS_A_CONNECTION,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    http: {
      maxHeaderSize: MOST_HEADER_BYTES,
      headersTimeout: Math.min(HEADERS_MS, config.limits.requestSeconds * 1_000),
      insecureHTTPParser: false,
      // Told by a hook of ours, which answers in the envelope.
      requireHostHeader: false,
      connectionsCheckingInterval: CHECK_MS,
    },
    routerOptions: { maxParamLength: LONGEST_PARAMETER, caseSensitive: true },
    frameworkErrors: (_error, request, reply) => void sendRefusal(request, reply, MALFORMED),
    clientErrorHandler: answerUnreadable,
  })
  app.server.maxConnections = config.limits.connections
  closeSilentConnections(app)

  receiveBodies(app)
  answerErrors(app, log)
  answerUnknownRoutes(app)
  const described = collectRoutes(app)

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-shipengine-requestid', request.id)
    reply.header('x-content-type-options', 'nosniff')
    requirePlainHeaders(request)
  })
  requireKeys(app, ctx)
  await limitRates(app, config.rateLimits)
  logRequests(app, log)

  await app.register(healthRoutes(ctx))
  for (const prefix of ['/v1', '/v2']) {
    await app.register(carrierConnectionRoutes(ctx), { prefix })
    await app.register(catalogRoutes, { prefix })
    await app.register(settingsRoutes(ctx), { prefix })
    await app.register(carrierRoutes(ctx, { paged: prefix === '/v2' }), { prefix })
    await app.register(auditRoutes(ctx), { prefix })
    await app.register(partnerAccountRoutes(ctx), { prefix })
    await app.register(webhookRoutes(ctx), { prefix })
  }
  for (const prefix of ['/v-beta/ltl', '/v-beta/ltl/v1']) await app.register(ltlRoutes(ctx), { prefix })
  await app.register(apiDocsRoutes(described, version))
  return app
}

/** When the server stops, a connection on which nothing was ever sent does not hold it up. */
function closeSilentConnections(app: FastifyInstance): void {
  const open = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  app.addHook('preClose', async () => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy()
  })
}

const UNREADABLE: Readonly<Record<string, ApiError>> = {
  HPE_HEADER_OVERFLOW: refusal('headers_too_large', 'The headers are too large.'),
  ERR_HTTP_REQUEST_TIMEOUT: refusal('request_timeout', 'The request did not arrive in time.'),
}

function refusal(condition: ConditionName, message: string): ApiError {
  return new ApiError([{ condition, message }])
}

/** Answers what is not HTTP at all, or never arrives: the envelope, then the end of the connection. */
function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const id = randomUUID()
  const { status, problems } = UNREADABLE[error.code ?? ''] ?? MALFORMED
  const body = JSON.stringify(errorEnvelope(id, problems))
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-shipengine-requestid: ${id}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}
