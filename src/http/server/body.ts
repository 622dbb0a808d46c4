import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Body } from '../../context.ts'
import { fail } from '../../errors.ts'
import { Secret } from '../../secret.ts'
import { parseStrictJson } from './strict-json.ts'
import { lingerOn } from './sockets.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** `contentType` is the content type that the client sent. */
    contentType: string
    /** `isCut` is true where the rest of the body was not read, so that no other request can come on this network connection. */
    isCut: boolean
  }
}

type Received =
  | { kind: 'bytes'; bytes: Secret<Buffer> }
  | { kind: 'too_large' }
  | { kind: 'not_json' }
  | { kind: 'encoded' }

/** `LIST_LIMIT` is the largest size of a body that is a list, in bytes. */
export const LIST_LIMIT = 1_048_576
/** `MOST_LISTED` is the largest number of members that all entries of a list may have together. */
const MOST_LISTED = 10_000

/**
 * Receives the body of every request up to the route's limit, and refuses nothing yet:
 * a body is refused only when the operation reads it, so that other refusals can come first.
 */
export function receiveBodies(app: FastifyInstance): void {
  app.decorateRequest('contentType', '')
  app.decorateRequest('isCut', false)
  app.addHook('onSend', async (request, reply) => {
    if (!request.isCut) return
    reply.header('connection', 'close')
    lingerOn(request.raw.socket)
  })
  app.addHook('onRequest', async (request) => {
    request.contentType = request.headers['content-type'] ?? ''
    // The framework would refuse a missing or unknown content type too early, before other refusals.
    request.headers['content-type'] = 'application/octet-stream'
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (request: FastifyRequest, payload: IncomingMessage, done) => {
    const limit = request.routeOptions.bodyLimit
    receive(payload, limit).then(
      ({ bytes, isCut }) => {
        request.isCut = isCut
        if (bytes === undefined) done(null, { kind: 'too_large' } satisfies Received)
        else if (bytes.length > 0 && isEncoded(request)) done(null, { kind: 'encoded' } satisfies Received)
        else if (bytes.length > 0 && !isJson(request)) done(null, { kind: 'not_json' } satisfies Received)
        else done(null, { kind: 'bytes', bytes: new Secret(bytes) } satisfies Received)
      },
      (error: Error) => done(error),
    )
  })
}

/** Reads a body, and stops reading once the body is larger than `limit` bytes. */
async function receive(payload: IncomingMessage, limit: number): Promise<{ bytes?: Buffer; isCut: boolean }> {
  if (Number(payload.headers['content-length'] ?? 0) > limit) return { isCut: true }
  const chunks: Buffer[] = []
  let size = 0
  // The network connection must not be destroyed when reading stops, since the refusal still has to go out on it.
  for await (const chunk of payload.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) return { isCut: true }
    chunks.push(chunk)
  }
  return { bytes: Buffer.concat(chunks), isCut: false }
}

/** `JSON_TYPE` matches the content type of JSON in UTF-8; parameters other than `charset` are ignored. */
const JSON_TYPE = /^application\/json\s*(;(?!\s*charset\s*=(?!\s*"?utf-?8"?\s*(;|$)))[^;]*)*$/i

const isJson = ({ contentType }: FastifyRequest): boolean => JSON_TYPE.test(contentType)

const isEncoded = ({ headers }: FastifyRequest): boolean =>
  !/^(identity)?$/i.test(headers['content-encoding']?.trim() ?? '')

/** Returns the function that reads the body of a request as an object when it is called, and that refuses a body which is no object. */
export function bodyOf(request: FastifyRequest): Body {
  return (size = 'usual') => {
    const received = request.body as Received | undefined
    const most =
      size === 'usual' ? (request.server.initialConfig.bodyLimit ?? 0) : request.routeOptions.bodyLimit
    const isLarger = received?.kind === 'bytes' && received.bytes.reveal().length > most
    const limits = size === 'list' ? { members: MOST_LISTED } : {}
    return new Secret(readObject(isLarger ? { kind: 'too_large' } : received, limits))
  }
}

function readObject(received: Received | undefined, limits: { members?: number }): Record<string, unknown> {
  if (received === undefined || (received.kind === 'bytes' && received.bytes.reveal().length === 0))
    return fail('body_required', 'Request body cannot be empty.')
  if (received.kind === 'not_json')
    return fail('content_type_unsupported', 'The body must be application/json in UTF-8.')
  if (received.kind === 'encoded')
    return fail('body_encoded', 'The body has a Content-Encoding; send it as it is, without compression.', {
      headers: { 'accept-encoding': 'identity' },
    })
  if (received.kind === 'too_large') return fail('body_too_large', 'The body is too large.')
  const parsed = parseStrictJson(received.bytes.reveal(), limits)
  if ('flaw' in parsed) return fail('body_malformed', `The body ${parsed.flaw}.`)
  const { value } = parsed
  if (value === null) return fail('body_required', 'Request body cannot be empty.')
  if (typeof value !== 'object' || Array.isArray(value))
    return fail('body_not_object', 'The body must be a JSON object.')
  return value
}
