import rateLimit, { type FastifyRateLimitStore } from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../../config.ts'
import { ApiError } from '../../errors.ts'

const MINUTE = 60_000

/** Counts the requests of each API key, in each process separately; refuses a key that is over the limit of its environment with 429 and the seconds to wait. */
export async function limitRates(app: FastifyInstance, limits: Config['rateLimits']): Promise<void> {
  if (!limits) return
  await app.register(rateLimit, {
    global: false,
    store: RequestCounts,
    timeWindow: MINUTE,
    enableDraftSpec: true,
    keyGenerator: ({ keyId = '' }) => keyId,
    max: ({ actor }) => limits[actor.environment],
    errorResponseBuilder: (_request, { ttl }) => tooManyRequests(Math.max(1, Math.ceil(ttl / 1000))),
  })
  const count = app.rateLimit()
  app.addHook('onRequest', async function (request, reply) {
    if (request.keyId !== undefined) await count.call(app, request, reply)
  })
}

const MOST_KEYS = 10_000

/** `RequestCounts` counts the requests of each API key in the minute that began with the key's first request. The class measures time from the start of the process, so that a change of the clock locks no key out. */
class RequestCounts implements FastifyRateLimitStore {
  readonly #counts = new Map<string, { current: number; since: number }>()

  incr(key: string, done: (error: Error | null, count: { current: number; ttl: number }) => void): void {
    const now = performance.now()
    let count = this.#counts.get(key)
    if (!count || count.since + MINUTE <= now) {
      count = { current: 0, since: now }
      // The map keeps its order, so that the minutes that began first stand first and end first.
      this.#counts.delete(key)
      this.#counts.set(key, count)
      const [oldest = key] = this.#counts.keys()
      if (this.#counts.size > MOST_KEYS) this.#counts.delete(oldest)
    }
    count.current += 1
    done(null, { current: count.current, ttl: count.since + MINUTE - now })
  }

  child(): this {
    return this
  }
}

function tooManyRequests(seconds: number): ApiError {
  const problem = {
    condition: 'rate_limited',
    message: `The API key has used up its requests of this minute; try again in ${seconds} seconds.`,
  } as const
  // The header stands under two names because one public client reads it under the second.
  return new ApiError([problem], { headers: { 'retry-after': `${seconds}`, retryafter: `${seconds}` } })
}
