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

/** How a client reaches the server. */
export type Options = {
  /** Where the server is: `https://hawser.example.com`. */
  baseUrl: string
  apiKey: string
  /** The account that a partner’s key acts for. */
  onBehalfOf?: string
  /** Milliseconds for one request with all its attempts, `Infinity` for as long as it takes; 60,000 unless told otherwise. */
  timeoutMs?: number
  /** How often a request is sent again; 3 times unless told otherwise. */
  retries?: number
  /** Another `fetch`, for tests or a proxy. */
  fetch?: typeof globalThis.fetch
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
export type Query = Readonly<Record<string, string | number | boolean | undefined>>
export type Asked = { query?: Query; body?: unknown; ifMatch?: string; signal?: AbortSignal }

const METHODS: ReadonlySet<string> = new Set<Method>(['GET', 'POST', 'PUT', 'DELETE'])
const TIMEOUT_MS = 60_000
/** What a timer can hold, some 24 days. */
const LONGEST_MS = 2 ** 31 - 1
const RETRIES = 3
const FIRST_PAUSE_MS = 250

/**
 * Sends a request, again where that is safe: after 429, which has done nothing; after 503 and a network that failed
 * where the same request twice comes to the same (GET, PUT and DELETE), unless `ifMatch` would take its own effect for another’s.
 * What refuses a repetition is no refusal of the request where an attempt before it may have been carried out.
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

/** What a failure means after an attempt that may have been carried out. */
const asRepeated = (error: Failure): Failure =>
  error.kind === 'refused' ? { ...error, kind: 'unsure', mayBeDone: true } : error

type Call = Prepared & {
  method: Method
  request: typeof globalThis.fetch
  signal: AbortSignal
  timeout: AbortSignal
}

/** All that an attempt takes, made once; what cannot be made is told, and nothing is sent. */
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
  /** Milliseconds to wait before another attempt, 0 where nothing says how long; absent where another makes no sense. */
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
    const result = { ok: false, error: failureOf(response, said, changes) } as const
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

/** Twice as long each time, with chance in it, so that clients that failed together do not come back together. */
const backoff = (attempts: number) => FIRST_PAUSE_MS * 2 ** (attempts - 1) * (0.5 + Math.random())

/** Waits; answers `false` where the caller gave up meanwhile. */
function slept(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const wake = () => done(false)
    const timer = setTimeout(() => done(true), ms)
    const done = (slept: boolean) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', wake)
      resolve(slept)
    }
    if (signal.aborted) done(false)
    else signal.addEventListener('abort', wake)
  })
}
