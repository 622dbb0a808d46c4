import type { Condition, ErrorCode, Outcome } from './carriers.ts'

/** A `Problem` is one entry of the error envelope of the server. */
export type Problem = {
  error_source: string
  error_type: string
  error_code: ErrorCode
  message: string
  field_name?: string
  carrier_id?: string
  carrier_code?: string
}

/** `Refused` means that the server has refused the request, and that nothing has changed. */
export type Refused = Refusal & { kind: 'refused' }

/**
 * `Unsure` means that the server has refused a repetition of the request, after the first answer was lost or was 503: the first attempt
 * may have been carried out and be the reason. A delete that ends in `unsure` with 404 has most likely been done; read the connection before you go on.
 */
export type Unsure = Refusal & { kind: 'unsure'; mayBeDone: true }

type Refusal = {
  status: number
  problems: readonly Problem[]
  /** `condition` is the name of the condition, for refusals whose code stands for several conditions. */
  condition?: Condition
  /** `outcome` is the outcome of the verification, where the carrier’s answer is the reason of the refusal. */
  outcome?: Outcome
  requestId?: string
  retryAfterSeconds?: number
}

/** `Failed` means that something failed in the server; `mayBeDone` says whether the request may have been carried out. */
export type Failed = {
  kind: 'failed'
  status: number
  problems: readonly Problem[]
  requestId?: string
  retryAfterSeconds?: number
  mayBeDone: boolean
}

/** `Unreadable` means that the answer does not come from the server, but is a page or a redirect of a program in between, such as a proxy. */
export type Unreadable = {
  kind: 'unreadable'
  status: number
  /** `contentType` is the content type of the answer, such as `text/html`. */
  contentType?: string
  mayBeDone: boolean
}

/** `Unsent` means that nothing was sent, because the request could not be made or because the caller gave up before; `cause` says why. */
export type Unsent = { kind: 'unsent'; cause: unknown; mayBeDone: false }

/** `Unanswered` means that no answer has come: the network failed, the time was over, or the caller gave up. */
export type Unanswered = {
  kind: 'unreachable' | 'timeout' | 'aborted'
  cause: unknown
  /** `mayBeDone` says whether the request may have been carried out all the same; if so, read the state before you send the request again. */
  mayBeDone: boolean
}

export type Failure = Refused | Unsure | Failed | Unreadable | Unanswered | Unsent

/** A `Result` holds the value that a request asked for, or the failure; no failure is thrown. */
export type Result<T> =
  { ok: true; value: T; answer: Answer; attempts: number } | { ok: false; error: Failure; attempts: number }

/** An `Answer` has the status of an answer, and the headers that mean something to a client. */
export type Answer = {
  status: number
  requestId?: string
  /** `etag` is the version of the connection, for `ifMatch`. */
  etag?: string
  /** `location` is the address of the page where the merchant has to sign in. */
  location?: string
  /** `notices` has the remarks of the server that are no errors. */
  notices: readonly string[]
}

/** Reads the status of an answer, and the headers that mean something to a client. */
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

/** Returns the failure that an answer without success stands for; `changes` is true where the request would change something. */
export function failureOf(
  { status, headers }: Response,
  { body, changes }: { body: unknown; changes: boolean },
): Refused | Failed | Unreadable {
  const problems = problemsOf(body)
  // The server never redirects, answers a success in JSON, and puts its reasons into every refusal. A 429 has changed nothing, whichever program sends it.
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
  // A proxy can answer 502 too; a 502 of the server has the error envelope, and means that nothing has changed.
  if (status >= 500 && (status !== 502 || problems.length === 0))
    return { kind: 'failed', ...common, mayBeDone: changes }
  const condition = headers.get('hawser-condition') as Condition | null
  const outcome = headers.get('hawser-outcome') as Outcome | null
  return { kind: 'refused', ...common, ...(condition ? { condition } : {}), ...(outcome ? { outcome } : {}) }
}

/** Returns the number of seconds that an answer asks to wait, and `undefined` where it names none. */
export function retryAfterOf(headers: Headers): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined
}

function problemsOf(body: unknown): readonly Problem[] {
  const errors = (body as { errors?: unknown } | null | undefined)?.errors
  return Array.isArray(errors) ? (errors as Problem[]) : []
}
