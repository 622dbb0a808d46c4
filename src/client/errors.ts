import type { Condition, ErrorCode, Outcome } from './carriers.ts'

/** One thing that is wrong, as the server tells it. */
export type Problem = {
  error_source: string
  error_type: string
  error_code: ErrorCode
  message: string
  field_name?: string
  carrier_id?: string
  carrier_code?: string
}

/** The server has refused the request, and nothing has changed. */
export type Refused = Refusal & { kind: 'refused' }

/**
 * The server has refused a repetition of the request, whose first answer was lost or was 503: that attempt may have been carried out,
 * and be the reason. A delete that ends so with 404 has most likely been done; read what there is before going on.
 */
export type Unsure = Refusal & { kind: 'unsure'; mayBeDone: true }

type Refusal = {
  status: number
  problems: readonly Problem[]
  /** The name of the condition, on refusals that share a code with others. */
  condition?: Condition
  /** What the carrier made of the credentials, where that is why. */
  outcome?: Outcome
  requestId?: string
  retryAfterSeconds?: number
}

/** The server has said that something failed on its side; `mayBeDone` says whether the request may have been carried out. */
export type Failed = {
  kind: 'failed'
  status: number
  problems: readonly Problem[]
  requestId?: string
  retryAfterSeconds?: number
  mayBeDone: boolean
}

/** What has come is no answer of the server, but a page or a redirect of something in between, such as a proxy. */
export type Unreadable = {
  kind: 'unreadable'
  status: number
  /** What it says it is, such as `text/html`. */
  contentType?: string
  mayBeDone: boolean
}

/** The request could not be made as it is meant, or was given up before: nothing was sent, and `cause` says why. */
export type Unsent = { kind: 'unsent'; cause: unknown; mayBeDone: false }

/** No answer has come: the network failed, the time was over, or the caller gave up. */
export type Unanswered = {
  kind: 'unreachable' | 'timeout' | 'aborted'
  cause: unknown
  /** Whether the request may have been carried out all the same: read before it is sent again. */
  mayBeDone: boolean
}

export type Failure = Refused | Unsure | Failed | Unreadable | Unanswered | Unsent

/** What became of a request: a value of what was asked for, or of what went wrong. Nothing is thrown. */
export type Result<T> =
  { ok: true; value: T; answer: Answer; attempts: number } | { ok: false; error: Failure; attempts: number }

/** What an answer says beside its body. */
export type Answer = {
  status: number
  requestId?: string
  /** The version of the connection, for `ifMatch`. */
  etag?: string
  /** Where the merchant has to sign in. */
  location?: string
  /** What is worth knowing and no error. */
  notices: readonly string[]
}

/** Reads what an answer says beside its body. */
export function answerOf({ status, headers }: Response): Answer {
  const named = (name: string) => headers.get(name) ?? undefined
  const requestId = named('x-shipengine-requestid')
  const etag = named('etag')
  const location = named('location')
  return {
    status,
    ...(requestId === undefined ? {} : { requestId }),
    ...(etag === undefined ? {} : { etag }),
    ...(location === undefined ? {} : { location }),
    notices: named('hawser-notice')?.split(/,\s*/) ?? [],
  }
}

/** Reads out of an answer that is no success what it is; `changes` tells whether the request would change anything. */
export function failureOf(
  { status, headers }: Response,
  body: unknown,
  changes: boolean,
): Refused | Failed | Unreadable {
  const problems = problemsOf(body)
  // The server sends nobody elsewhere, succeeds in JSON, and says why it refuses; what asks for patience has done nothing, whoever says so.
  const isOurs = problems.length > 0 || status === 429 || status >= 500
  if (status < 400 || !isOurs) {
    const contentType = headers.get('content-type')
    return { kind: 'unreadable', status, ...(contentType ? { contentType } : {}), mayBeDone: changes }
  }
  const { requestId } = answerOf({ status, headers } as Response)
  const seconds = retryAfterOf(headers)
  const common = {
    status,
    problems,
    ...(requestId === undefined ? {} : { requestId }),
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
  }
  // A proxy says 502 too; ours, which has done nothing, comes in the envelope.
  if (status >= 500 && (status !== 502 || problems.length === 0))
    return { kind: 'failed', ...common, mayBeDone: changes }
  const condition = headers.get('hawser-condition') as Condition | null
  const outcome = headers.get('hawser-outcome') as Outcome | null
  return { kind: 'refused', ...common, ...(condition ? { condition } : {}), ...(outcome ? { outcome } : {}) }
}

/** Seconds that an answer asks to wait. */
export function retryAfterOf(headers: Headers): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined
}

function problemsOf(body: unknown): readonly Problem[] {
  const errors = (body as { errors?: unknown } | null | undefined)?.errors
  return Array.isArray(errors) ? (errors as Problem[]) : []
}
