import rateLimit, { type FastifyRateLimitStore } from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../../config.ts'
import { ApiError } from '../../errors.ts'

const MINUTE = 60_000

/** Counts the requests of each key, per process; over the limit of its environment a key is answered 429 with the seconds to wait. */
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

/** The requests of each key in the minute that began with its first. The time is that since the process began: no change of the clock locks a key out. */
class RequestCounts implements FastifyRateLimitStore {
  readonly #counts = new Map<string, { current: number; since: number }>()

  incr(key: string, done: (error: Error | null, count: { current: number; ttl: number }) => void): void {
    const now = performance.now()
    let count = this.#counts.get(key)
    if (!count || count.since + MINUTE <= now) {
      count = { current: 0, since: now }
      // Those that began first stand first, and are over first.
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
  // One public client reads the header under the second name.
  return new ApiError([problem], { headers: { 'retry-after': `${seconds}`, retryafter: `${seconds}` } })
}
