import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { ApiError, type ConditionName } from '../../errors.ts'
import { errorEnvelope, headersOfRefusal, MALFORMED } from './errors.ts'

const REQUESTS_A_CONNECTION = 1_000

/** Closes, when the server stops, the network connections on which nothing was ever sent, so that they do not delay the stop. */
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

/** Ends a network connection after 1,000 requests; the last answer says so, so that no later request stays without an answer. */
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
 * Closes only the server's direction of a network connection after its last answer, and throws away for a while what the client still sends.
 * If both directions were closed at once, the connection of a client that is still sending would be reset, and the answer would be lost.
 */
export function lingerOn(socket: Socket): void {
  const { bytesRead } = socket
  socket.destroySoon = () => {
    socket.end()
    const end = () => socket.destroy()
    const timer = setTimeout(end, LINGER_MS)
    socket.on('data', () => {
      if (socket.bytesRead - bytesRead > LINGER_BYTES) end()
    })
    socket.once('end', end).once('close', () => clearTimeout(timer))
  }
}

/** Refuses with the error envelope two kinds of requests that Node itself would answer without a body: an unknown `Expect`, and a request for a tunnel (CONNECT). */
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

/** Answers a request that is not HTTP, or that does not arrive in time, with the error envelope, and closes the network connection. */
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
