import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError, conditions, type ConditionName, type Problem } from '../../errors.ts'
import type { Log } from '../../log.ts'

/** The published error envelope; its members are these and no others. */
export function errorEnvelope(requestId: string, problems: readonly Problem[]) {
  return { request_id: requestId, errors: problems.map(errorEntry) }
}

/** One entry of the envelope. */
export function errorEntry({ condition, message, carrierId, carrierCode, fieldName }: Problem) {
  return {
    error_source: conditions[condition].source,
    error_type: conditions[condition].type,
    error_code: conditions[condition].code,
    message,
    ...(carrierId === undefined ? {} : { carrier_id: carrierId }),
    ...(carrierCode === undefined ? {} : { carrier_code: carrierCode }),
    ...(fieldName === undefined ? {} : { field_name: fieldName }),
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Why the request was refused, where it was. */
    refusal: ConditionName | undefined
  }
}

/** One handler answers every error, in the envelope; what is no refusal of ours becomes 500, and its text goes to the log only. */
export function answerErrors(app: FastifyInstance, log: Log): void {
  app.decorateRequest('refusal', undefined)
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const refusal = toApiError(error)
    if (refusal.status >= 500 && isWhole(request)) log.error({ id: request.id, err: error }, 'request failed')
    return sendRefusal(request, reply, refusal)
  })
}

/** A client that left half-way is no failure of ours. */
const isWhole = ({ raw }: FastifyRequest) => raw.complete || !raw.destroyed

/** Nobody but the caller keeps an answer that is for one key. */
export const UNSTORED = 'private, no-store'

/** What every answer carries. */
export const headersOfAll = (requestId: string) => ({
  'x-shipengine-requestid': requestId,
  'x-content-type-options': 'nosniff',
})

/** What a refusal carries; those of one status that have no code of their own are told apart by the name of their condition. */
export function headersOfRefusal(requestId: string, { status, headers, problems }: ApiError) {
  return {
    ...headersOfAll(requestId),
    'cache-control': UNSTORED,
    'content-type': 'application/json; charset=utf-8',
    ...(status === 409 || status === 412 ? { 'hawser-condition': problems[0].condition } : {}),
    ...headers,
  }
}

/** Answers a refusal. */
export function sendRefusal(request: FastifyRequest, reply: FastifyReply, refusal: ApiError): FastifyReply {
  request.refusal = refusal.problems[0].condition
  return reply
    .code(refusal.status)
    .headers(headersOfRefusal(request.id, refusal))
    .send(errorEnvelope(request.id, refusal.problems))
}

/** Refuses what is no request that could be read. */
export const MALFORMED = new ApiError([
  { condition: 'request_malformed', message: 'The request is not well-formed.' },
])

const TOO_SLOW = new ApiError([
  { condition: 'too_slow', message: 'The request took too long. Look again before you repeat a change.' },
])

/** What an error thrown anywhere in a request means to the caller. */
function toApiError(error: FastifyError): ApiError {
  if (error instanceof ApiError) return error
  if (error.code === 'FST_ERR_HANDLER_TIMEOUT') return TOO_SLOW
  if (typeof error.statusCode === 'number' && error.statusCode >= 400 && error.statusCode < 500)
    return MALFORMED
  return new ApiError(
    [{ condition: 'internal', message: 'Something failed on our side; the request id helps to find it.' }],
    {
      cause: error,
    },
  )
}
