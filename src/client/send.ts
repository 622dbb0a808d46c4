import { answerOf, failureOf, retryAfterOf, type Failure, type Result } from './errors.ts'

/** How a client reaches the server. */
export type Options = {
  /** Where the server is: `https://hawser.example.com`. */
  baseUrl: string
  apiKey: string
  /** The account that a partner’s key acts for. */
  onBehalfOf?: string
  /** Milliseconds for one request with all its attempts; 60,000 unless told otherwise. */
  timeoutMs?: number
  /** How often a request is sent again; 3 times unless told otherwise. */
  retries?: number
  /** Another `fetch`, for tests or a proxy. */
  fetch?: typeof globalThis.fetch
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
export type Query = Readonly<Record<string, string | number | boolean | undefined>>
export type Asked = { query?: Query; body?: unknown; ifMatch?: string; signal?: AbortSignal }

const TIMEOUT_MS = 60_000
const RETRIES = 3
const FIRST_PAUSE_MS = 250

/**
 * Sends a request, again where that is safe: after 429, which has done nothing; after 503 and a network that failed
 * where the same request twice comes to the same (GET, PUT and DELETE), unless `ifMatch` would take its own effect for another’s.
 */
export async function send<T>(
  options: Options,
  method: Method,
  path: string,
  asked: Asked = {},
): Promise<Result<T>> {
  const { timeoutMs = TIMEOUT_MS, retries = RETRIES } = options
  const end = Date.now() + timeoutMs
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = asked.signal ? AbortSignal.any([asked.signal, timeout]) : timeout
  const isSafe = method === 'GET' || (method !== 'POST' && asked.ifMatch === undefined)
  for (let attempts = 1; ; attempts += 1) {
    const { result, wait } = await attempt<T>(options, method, path, { ...asked, signal }, timeout)
    if (result.ok) return { ...result, attempts }
    const mayRepeat = attempts <= retries && wait !== undefined && (isSafe || !mayBeDone(result.error))
    const pause = wait === undefined || wait > 0 ? (wait ?? 0) : backoff(attempts)
    if (!mayRepeat || Date.now() + pause >= end || !(await slept(pause, signal)))
      return { ok: false, error: result.error, attempts }
  }
}

const mayBeDone = (error: Failure) => error.kind !== 'refused' && error.mayBeDone

type Attempt<T> = {
  result: { ok: true; value: T; answer: ReturnType<typeof answerOf> } | { ok: false; error: Failure }
  /** Milliseconds to wait before another attempt, 0 where nothing says how long; absent where another makes no sense. */
  wait?: number
}

async function attempt<T>(
  options: Options,
  method: Method,
  path: string,
  asked: Asked & { signal: AbortSignal },
  timeout: AbortSignal,
): Promise<Attempt<T>> {
  const request = options.fetch ?? globalThis.fetch
  try {
    const response = await request(addressOf(options.baseUrl, path, asked.query), {
      method,
      headers: headersOf(options, asked),
      redirect: 'manual',
      signal: asked.signal,
      ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
    })
    const text = await response.text()
    const body: unknown = text === '' ? undefined : parsed(text)
    if (response.ok) return { result: { ok: true, value: body as T, answer: answerOf(response) } }
    const result = { ok: false, error: failureOf(response, body) } as const
    const isPassing = response.status === 429 || response.status === 503
    return isPassing ? { result, wait: 1_000 * (retryAfterOf(response.headers) ?? 0) } : { result }
  } catch (cause) {
    if (!asked.signal.aborted)
      return { result: { ok: false, error: unanswered('unreachable', cause, method) }, wait: 0 }
    return {
      result: { ok: false, error: unanswered(timeout.aborted ? 'timeout' : 'aborted', cause, method) },
    }
  }
}

const unanswered = (
  kind: 'unreachable' | 'timeout' | 'aborted',
  cause: unknown,
  method: Method,
): Failure => ({
  kind,
  cause,
  mayBeDone: method !== 'GET',
})

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function addressOf(baseUrl: string, path: string, query: Query = {}): string {
  const url = new URL(path, baseUrl)
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, `${value}`)
  return url.href
}

const headersOf = ({ apiKey, onBehalfOf }: Options, { body, ifMatch }: Asked): Record<string, string> => ({
  'API-Key': apiKey,
  accept: 'application/json',
  ...(onBehalfOf === undefined ? {} : { 'On-Behalf-Of': onBehalfOf }),
  ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
})

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
