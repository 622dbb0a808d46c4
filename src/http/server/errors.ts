import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError, conditions, type ConditionName, type Problem } from '../../errors.ts'
import type { Log } from '../../log.ts'

/** Returns the published error envelope, which has no other members. */
export function errorEnvelope(requestId: string, problems: readonly Problem[]) {
  return { request_id: requestId, errors: problems.map(errorEntry) }
}

/** Returns one entry of the error envelope. */
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
    /** `refusal` is the condition under which the request was refused, and `undefined` where it was not refused. */
    refusal: ConditionName | undefined
  }
}

/** Answers every error with the error envelope; an error that is no `ApiError` becomes 500, and its text goes to the log only. */
export function answerErrors(app: FastifyInstance, log: Log): void {
  app.decorateRequest('refusal', undefined)
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const refusal = toApiError(error)
    if (refusal.status >= 500 && isWhole(request)) log.error({ id: request.id, err: error }, 'request failed')
    return sendRefusal(request, reply, refusal)
  })
}

/** Returns false where the client closed the network connection before its request was complete, which is no failure of the server. */
const isWhole = ({ raw }: FastifyRequest) => raw.complete || !raw.destroyed

/** `UNSTORED` is the `Cache-Control` of an answer to one API key, which nobody but the caller may keep. */
export const UNSTORED = 'private, no-store'

/** Returns the headers of every answer. */
export const headersOfAll = (requestId: string) => ({
  'x-shipengine-requestid': requestId,
  'x-content-type-options': 'nosniff',
})

/** Returns the headers of a refusal; `Hawser-Condition` distinguishes the refusals with 409 and 412, which share their error codes. */
export function headersOfRefusal(requestId: string, { status, headers, problems }: ApiError) {
  return {
    ...headersOfAll(requestId),
    'cache-control': UNSTORED,
    'content-type': 'application/json; charset=utf-8',
    ...(status === 409 || status === 412 ? { 'hawser-condition': problems[0].condition } : {}),
    ...headers,
  }
}

/** Answers a request with a refusal, and notes its condition on the request. */
export function sendRefusal(request: FastifyRequest, reply: FastifyReply, refusal: ApiError): FastifyReply {
  request.refusal = refusal.problems[0].condition
  return reply
    .code(refusal.status)
    .headers(headersOfRefusal(request.id, refusal))
    .send(errorEnvelope(request.id, refusal.problems))
}

/** `MALFORMED` is the refusal of a request that cannot be read. */
export const MALFORMED = new ApiError([
  { condition: 'request_malformed', message: 'The request is not well-formed.' },
])

const TOO_SLOW = new ApiError([
  { condition: 'too_slow', message: 'The request took too long. Look again before you repeat a change.' },
])

/** Returns the refusal that stands for an error thrown anywhere in a request. */
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
