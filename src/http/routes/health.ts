import type { FastifyPluginCallback } from 'fastify'
import { checkReady, type Context } from '../../context.ts'
import { describe } from '../openapi/describe.ts'
import { closed } from '../openapi/schemas.ts'

const answer = closed({ status: { type: 'string', enum: ['ok'] } })
const tag = 'Server'

/** Returns the routes that show whether the process is alive and whether it is ready; neither needs an API key. */
export const healthRoutes =
  (ctx: Context): FastifyPluginCallback =>
  (app, _options, done) => {
    app.get(
      '/healthz',
      describe({
        operationId: 'is_alive',
        summary: 'The process answers',
        description: 'Nothing but the process is looked at: for whoever restarts it.',
        tag,
        isProbe: true,
        answers: { 200: answer },
      }),
      async () => ({ status: 'ok' }),
    )
    app.get(
      '/readyz',
      describe({
        operationId: 'is_ready',
        summary: 'The database answers and the key ring is open',
        description: 'For whoever sends requests to it: 503 while the database cannot be used.',
        tag,
        isProbe: true,
        answers: { 200: answer },
      }),
      async () => {
        await checkReady(ctx)
        return { status: 'ok' }
      },
    )
    done()
  }
