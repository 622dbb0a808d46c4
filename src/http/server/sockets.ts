import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { ApiError, type ConditionName } from '../../errors.ts'
import { errorEnvelope, headersOfRefusal, MALFORMED } from './errors.ts'

const REQUESTS_A_CONNECTION = 1_000

/** When the server stops, a connection on which nothing was ever sent does not hold it up. */
export function closeSilentConnections(app: FastifyInstance): void {
  const open = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  app.addHook('preClose', async () => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy()
  })
}

/** A connection ends after so many requests, with an answer that says so, and not with a request that gets none. */
export function renewConnections(app: FastifyInstance): void {
  const counts = new WeakMap<Socket, number>()
  app.addHook('onSend', async ({ socket }, reply) => {
    const count = (counts.get(socket) ?? 0) + 1
    counts.set(socket, count)
    if (count >= REQUESTS_A_CONNECTION) reply.header('connection', 'close')
  })
}

const LINGER_MS = 2_000
const LINGER_BYTES = 1_048_576

/**
 * Has a connection whose last answer comes before its request has ended closed in our direction first, and what still comes thrown away
 * for a while: closed at once, it would be reset under the client that is still sending, and the answer lost.
 */
export function lingerOn(socket: Socket): void {
  const { bytesRead } = socket
  socket.destroySoon = () => {
    socket.end()
    const end = () => socket.destroy()
    const timer = setTimeout(end, LINGER_MS)
    socket.on('data', () => socket.bytesRead - bytesRead > LINGER_BYTES && end())
    socket.once('end', end).once('close', () => clearTimeout(timer))
  }
}

/** Answers in the envelope what Node would answer with nothing: an expectation, and a request for a tunnel. */
export function answerOddRequests(app: FastifyInstance): void {
  app.server.on('checkExpectation', (request: IncomingMessage) =>
    refuseSocket(request.socket, refusal('expectation_unknown', 'The only expectation met is 100-continue.')),
  )
  app.server.on('connect', (_request, socket: Socket) =>
    refuseSocket(socket, refusal('method_not_allowed', 'There are no tunnels here.', { allow: '' })),
  )
}

const UNREADABLE: Readonly<Record<string, ApiError>> = {
  HPE_HEADER_OVERFLOW: refusal('headers_too_large', 'The headers are too large.'),
  ERR_HTTP_REQUEST_TIMEOUT: refusal('request_timeout', 'The request did not arrive in time.'),
}

function refusal(condition: ConditionName, message: string, headers = {}): ApiError {
  return new ApiError([{ condition, message }], { headers })
}

/** Answers what is not HTTP at all, or never arrives: the envelope, then the end of the connection. */
export function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  refuseSocket(socket, UNREADABLE[error.code ?? ''] ?? MALFORMED)
}

function refuseSocket(socket: Socket, refusal: ApiError): void {
  const id = randomUUID()
  const body = JSON.stringify(errorEnvelope(id, refusal.problems))
  const headers = {
    ...headersOfRefusal(id, refusal),
    'content-length': Buffer.byteLength(body),
    date: new Date().toUTCString(),
    connection: 'close',
  }
  socket.end(
    [
      `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '',
      body,
    ].join('\r\n'),
  )
}
