import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../config.ts'
import { ApiError } from '../errors.ts'

const MINUTE = 60_000

/** Counts the requests of each key, per process; over the limit of its environment a key is answered 429 with the seconds to wait. */
export async function limitRates(app: FastifyInstance, limits: Config['rateLimits']): Promise<void> {
  if (!limits) return
  await app.register(rateLimit, {
    global: false,
    cache: 10_000,
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

function tooManyRequests(seconds: number): ApiError {
  const problem = {
    condition: 'rate_limited',
    message: `The API key has used up its requests of this minute; try again in ${seconds} seconds.`,
  } as const
  // One public client reads the header under the second name.
  return new ApiError([problem], { headers: { 'retry-after': `${seconds}`, retryafter: `${seconds}` } })
}
