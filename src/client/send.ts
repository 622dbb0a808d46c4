import {
  answerOf,
  failureOf,
  retryAfterOf,
  type Answer,
  type Failure,
  type Result,
  type Unsent,
} from './errors.ts'
import { prepare, type Path, type Prepared } from './prepare.ts'

/** The options of a client say which server the client calls, with which API key, how long a call may take and how often it is tried again. */
export type Options = {
  /** `baseUrl` is the address of the server, such as `https://hawser.example.com`. */
  baseUrl: string
  apiKey: string
  /** `onBehalfOf` is the id of the account that a partner’s key acts for. */
  onBehalfOf?: string
  /** `timeoutMs` is the time in milliseconds for one request with all its attempts, by default 60,000; `Infinity` sets no limit. */
  timeoutMs?: number
  /** `retries` says how often a request is sent again, by default 3 times. */
  retries?: number
  /** `fetch` replaces the global `fetch`, for tests or a proxy. */
  fetch?: typeof globalThis.fetch
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
export type Query = Readonly<Record<string, string | number | boolean | undefined>>
export type Asked = { query?: Query; body?: unknown; ifMatch?: string; signal?: AbortSignal }

const METHODS: ReadonlySet<string> = new Set<Method>(['GET', 'POST', 'PUT', 'DELETE'])
const TIMEOUT_MS = 60_000
/** `LONGEST_MS` is the longest time in milliseconds that a timer can hold, some 24 days. */
const LONGEST_MS = 2 ** 31 - 1
const RETRIES = 3
const FIRST_PAUSE_MS = 250

/**
 * Sends a request, and sends it again where that is safe: after 429, which has changed nothing, and after 503 or a network failure
 * for GET, PUT and DELETE, whose effect is the same when they are sent twice. A change with `ifMatch` is not repeated after 503 or a network failure, since its own first attempt may have changed the version.
 * Where an earlier attempt may have been carried out, the refusal of a later one becomes the failure `unsure`.
 */
export async function send<T>(
  options: Options,
  method: Method,
  path: Path,
  asked: Asked = {},
): Promise<Result<T>> {
  const { timeoutMs = TIMEOUT_MS, retries = RETRIES } = options
  const call = callFor(options, method, path, asked)
  if ('kind' in call) return { ok: false, error: call, attempts: 0 }
  const end = Date.now() + Math.min(timeoutMs, LONGEST_MS)
  const isSafe = method === 'GET' || (method !== 'POST' && asked.ifMatch === undefined)
  let earlier = false
  for (let attempts = 1; ; attempts += 1) {
    const { result, wait } = await attempt<T>(call)
    if (result.ok) return { ...result, attempts }
    const error = earlier ? asRepeated(result.error) : result.error
    earlier = mayBeDone(error)
    const mayRepeat = attempts <= retries && wait !== undefined && (isSafe || !earlier)
    const pause = wait === undefined || wait > 0 ? (wait ?? 0) : backoff(attempts)
    if (!mayRepeat || Date.now() + pause >= end || !(await slept(pause, call.signal)))
      return { ok: false, error, attempts }
  }
}

const mayBeDone = (error: Failure) => error.kind !== 'refused' && error.mayBeDone

/** Returns the failure of a repeated request whose earlier attempt may have been carried out: a refusal becomes `unsure`. */
const asRepeated = (error: Failure): Failure =>
  error.kind === 'refused' ? { ...error, kind: 'unsure', mayBeDone: true } : error

type Call = Prepared & {
  method: Method
  request: typeof globalThis.fetch
  signal: AbortSignal
  timeout: AbortSignal
}

/** Returns everything that an attempt needs, or an `Unsent` failure where the request cannot be made. Sends nothing. */
function callFor(options: Options, method: Method, path: Path, asked: Asked): Call | Unsent {
  const { baseUrl, apiKey, onBehalfOf, timeoutMs = TIMEOUT_MS, fetch: request = globalThis.fetch } = options
  try {
    const { query = {}, body, ifMatch, signal } = asked
    if (!METHODS.has(method)) throw new TypeError('The method must be GET, POST, PUT or DELETE.')
    if (method === 'GET' && body !== undefined) throw new TypeError('A GET has no body.')
    const headers = {
      'API-Key': apiKey,
      accept: 'application/json',
      'On-Behalf-Of': onBehalfOf,
      'content-type': body === undefined ? undefined : 'application/json',
      'if-match': ifMatch,
    }
    const prepared = prepare({ baseUrl, path, query, headers, body })
    if (typeof apiKey !== 'string' || apiKey === '') throw new TypeError('apiKey must be a key.')
    if (typeof request !== 'function') throw new TypeError('fetch must be a function.')
    if (!(timeoutMs >= 0)) throw new TypeError('timeoutMs must be a number of milliseconds.')
    const timeout = AbortSignal.timeout(Math.min(timeoutMs, LONGEST_MS))
    const either = signal ? AbortSignal.any([signal, timeout]) : timeout
    if (signal?.aborted) return { kind: 'unsent', cause: signal.reason, mayBeDone: false }
    return { ...prepared, method, request, signal: either, timeout }
  } catch (cause) {
    return { kind: 'unsent', cause, mayBeDone: false }
  }
}

type Attempt<T> = {
  result: { ok: true; value: T; answer: Answer } | { ok: false; error: Failure }
  /** `wait` is the time in milliseconds before another attempt: 0 where the answer names no time, and absent where another attempt makes no sense. */
  wait?: number
}

async function attempt<T>({
  request,
  url,
  method,
  headers,
  body,
  signal,
  timeout,
}: Call): Promise<Attempt<T>> {
  const changes = method !== 'GET'
  try {
    const response = await request(url, {
      method,
      headers,
      redirect: 'manual',
      signal,
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    const said = parsed(text)
    if (response.ok && (said !== undefined || (text === '' && response.status === 204)))
      return { result: { ok: true, value: said as T, answer: answerOf(response) } }
    const result = { ok: false, error: failureOf(response, { body: said, changes }) } as const
    const isPassing = response.status === 429 || response.status === 503
    return isPassing ? { result, wait: 1_000 * (retryAfterOf(response.headers) ?? 0) } : { result }
  } catch (cause) {
    const kind = !signal.aborted ? 'unreachable' : timeout.aborted ? 'timeout' : 'aborted'
    const result = { ok: false, error: { kind, cause, mayBeDone: changes } } as const
    return kind === 'unreachable' ? { result, wait: 0 } : { result }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns the pause in milliseconds before the next attempt. The pause doubles each time and is partly random, so that clients that failed together do not come back together. */
const backoff = (attempts: number) => FIRST_PAUSE_MS * 2 ** (attempts - 1) * (0.5 + Math.random())

/** Waits for `ms` milliseconds, and resolves with `false` where the caller gave up meanwhile. */
function slept(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false)
    const giveUp = () => {
      clearTimeout(timer)
      resolve(false)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', giveUp)
      resolve(true)
    }, ms)
    signal.addEventListener('abort', giveUp, { once: true })
  })
}
