import type { FastifyPluginCallback, FastifyReply } from 'fastify'
import { beginSignIn } from '../../../connections/begin-sign-in.ts'
import { approveInSandbox, finishSignIn } from '../../../connections/finish-sign-in.ts'
import type { Context } from '../../../context.ts'
import { answerOutcome } from '../../wire/outcome.ts'
import { describe, type QueryParameter } from '../../openapi/describe.ts'
import { CHANGED } from '../../openapi/refusals.ts'
import * as schemas from '../../openapi/schemas.ts'

type OfConnection = { Params: { carrier_name: string; carrier_id: string } }

const tag = 'Sign-in'

const parameter = (name: string, about: string): QueryParameter => ({
  name,
  about,
  schema: { type: 'string' },
})

/** Returns the route that begins a sign-in at a carrier for an existing connection. */
export const signInRoutes =
  (ctx: Context): FastifyPluginCallback =>
  (app, _options, done) => {
    app.post<OfConnection>(
      '/connections/carriers/:carrier_name/:carrier_id/sign_in',
      describe({
        operationId: 'begin_sign_in',
        summary: 'Where to send the merchant to sign in at the carrier, in the header `Location`',
        description:
          'Send the merchant’s browser to `Location` within ten minutes; it works once. What is in force stays so until the merchant is back.',
        tag,
        scope: 'write',
        refuses: ['sign_in_unsupported', ...CHANGED],
        tells: ['ETag', 'Location', 'Hawser-Notice'],
        answers: { 200: schemas.signInAnswer },
      }),
      async (request, reply) => {
        const { carrier_name: carrierName, carrier_id: carrierId } = request.params
        return answerOutcome(reply, await beginSignIn(ctx, request.actor, { carrierName, carrierId }))
      },
    )
    done()
  }

/** Returns the pages that a merchant’s browser opens without an API key. Carriers are given the address under `/v1`, because a carrier compares the address letter by letter with the registered one. */
export const signInPages =
  (ctx: Context): FastifyPluginCallback =>
  (app, _options, done) => {
    const finish = describe({
      operationId: 'finish_sign_in',
      summary: 'Where a carrier sends a merchant back to after the sign-in',
      description:
        'The carrier sends the browser here. It takes no key: the `state` says which sign-in it is, and works once.',
      tag,
      query: [
        parameter('state', 'As it was given to the carrier.'),
        parameter('code', 'From the carrier.'),
        parameter('error', 'From the carrier, where the merchant was not let in.'),
      ],
      openQuery: true,
      refuses: ['sign_in_refused'],
      always: ['Cache-Control', 'Content-Security-Policy', 'Referrer-Policy'],
      answers: { 200: schemas.signedIn },
    })
    app.get('/sign_in/return', { ...finish, exposeHeadRoute: false }, async (request, reply) => {
      const { state, code, error } = request.query as Record<string, unknown>
      const { id: requestId, ip } = request
      guard(reply)
      await finishSignIn(ctx, { state, code: error === undefined ? code : undefined, requestId, ip })
      return { message: 'The sign-in has succeeded. This page can be closed.' }
    })
    // A HEAD request must not finish the sign-in, because some programs check a link before a person opens it.
    app.head('/sign_in/return', finish, (_request, reply) => guard(reply).send())

    app.get(
      '/sign_in/sandbox',
      describe({
        operationId: 'sandbox_sign_in',
        summary: 'Stands in for a carrier’s sign-in page in the sandbox, and sends straight back',
        description:
          'Stands where the carrier’s own page stands in production, so that a sign-in can be tried with no carrier.',
        tag,
        query: [parameter('state', 'As `Location` has it, with what else is there.')],
        openQuery: true,
        refuses: ['sign_in_refused'],
        tells: ['Location'],
        always: ['Cache-Control', 'Content-Security-Policy', 'Referrer-Policy'],
        answers: { 302: null },
      }),
      async (request, reply) =>
        guard(reply).redirect(approveInSandbox(ctx, request.query as Record<string, unknown>)),
    )
    done()
  }

/** Sets headers with which an answer is not stored and not shown in a frame, and its address is not sent to other sites. */
const guard = (reply: FastifyReply) =>
  reply.headers({
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
  })
