import type { FastifyPluginCallback } from 'fastify'
import { connectedNameOf } from '../../../catalog/carrier-code.ts'
import { leaseCredentials, LEASED, LEASE_SECONDS, type Lease } from '../../../connections/lease.ts'
import { rollbackConnection } from '../../../connections/rollback.ts'
import { verifyConnection } from '../../../connections/verify.ts'
import type { Context } from '../../../context.ts'
import {
  answerOutcome,
  ifMatchOf,
  verificationObject,
  verifyParameter,
  verifyWishOf,
} from '../../wire/outcome.ts'
import { describe, type QueryParameter } from '../../openapi/describe.ts'
import { oneConnection, type ConnectionParams } from '../../wire/connection-path.ts'
import { requireParameterScopes } from '../../server/known-parameters.ts'
import { readChoice, readNumber } from '../../wire/query.ts'
import { CHANGED, VERIFIED } from '../../openapi/refusals.ts'
import * as schemas from '../../openapi/schemas.ts'
import { etag, healthObject } from '../../wire/connections.ts'

const tag = 'Health'

const leaseQuery: QueryParameter[] = [
  {
    name: 'expires_in',
    about: `Seconds that the lease is good for; ${LEASE_SECONDS.usual} unless told otherwise.`,
    schema: { type: 'integer', minimum: LEASE_SECONDS.least, maximum: LEASE_SECONDS.most },
  },
  {
    name: 'state',
    about: '`any` hands out credentials that the carrier refuses too; for keys with the scope `admin`.',
    schema: { enum: ['any'] },
    scope: 'admin',
  },
  {
    name: 'as',
    about:
      '`token` hands out the carrier’s access token instead of the credentials, where the carrier mints one; the lease never outlives it.',
    schema: { enum: [...LEASED] },
  },
]

const handedOut = (lease: Lease) =>
  'access' in lease
    ? { access_token: { token: lease.access.token.reveal(), expires_at: lease.access.expiresAt } }
    : { credentials: lease.values.reveal() }

/** Returns the routes of one mode that verify, roll back and lease the credentials of one connection. */
export const custodyRoutes =
  (ctx: Context, mode: 'parcel' | 'ltl'): FastifyPluginCallback =>
  (app, _options, done) => {
    const { path, named, operation, query } = oneConnection[mode]

    app.post<ConnectionParams>(
      `${path}/verify`,
      describe({
        operationId: operation('verify_connection'),
        summary: 'Ask the carrier about the stored credentials now',
        description:
          'Asks the carrier at once, and keeps what it says as the state of the connection. Nothing else changes.',
        tag,
        scope: 'write',
        query,
        refuses: ['verification_paused', ...CHANGED],
        tells: ['ETag'],
        answers: { 200: schemas.checkAnswer },
      }),
      async (request, reply) => {
        const { verification, connection, advice } = await verifyConnection(
          ctx,
          request.actor,
          named(request),
        )
        reply.header('etag', etag(connection.version))
        return {
          carrier_id: connection.carrier_id,
          verification: verificationObject(verification),
          ...healthObject(connection, advice),
        }
      },
    )

    app.post<ConnectionParams>(
      `${path}/rollback`,
      describe({
        operationId: operation('rollback_connection'),
        summary: 'Put the credentials before the current ones back into force, once the carrier accepts them',
        description:
          'The credentials of the update before are tried and put back into force as a new version, with the settings that belong to their account. They are kept for 30 days.',
        tag,
        scope: 'write',
        versioned: true,
        query: [...query, verifyParameter],
        refuses: ['nothing_to_roll_back', ...VERIFIED, ...CHANGED, 'account_already_connected'],
        tells: ['ETag', 'Location', 'Hawser-Notice'],
        answers: { 200: mode === 'ltl' ? schemas.ltlCarrierIdAnswer : schemas.carrierIdAnswer },
      }),
      async (request, reply) => {
        const asked = { ifMatch: ifMatchOf(request), verify: verifyWishOf(request) }
        return answerOutcome(
          reply,
          await rollbackConnection(ctx, request.actor, { ...named(request), ...asked }),
        )
      },
    )

    app.post<ConnectionParams>(
      `${path}/lease`,
      describe({
        operationId: operation('lease_credentials'),
        summary: 'Hand out the credentials for use at the carrier; on record before anything is opened',
        description:
          'For the program that talks to the carrier. Each lease is written to the audit log before anything is opened, and says until when it is good. With `as=token` an access token is handed out in place of the credentials.',
        tag,
        scope: 'use',
        query: [...query, ...leaseQuery],
        refuses: ['connection_unusable', 'token_unavailable', 'verification_paused', ...CHANGED],
        tells: ['ETag'],
        answers: { 200: schemas.lease },
      }),
      async (request, reply) => {
        const asked = request.query as Record<string, unknown>
        const anyState = readChoice(asked, 'state', ['any']) !== undefined
        requireParameterScopes(request)
        const { usual, least, most } = LEASE_SECONDS
        const seconds = readNumber(asked, 'expires_in', { least, most }) ?? usual
        const as = readChoice(asked, 'as', LEASED) ?? 'credentials'
        const wanted = { ...named(request), seconds, anyState, as }
        const lease = await leaseCredentials(ctx, request.actor, wanted)
        const { connection, carrier } = lease
        reply.header('etag', etag(connection.version))
        return {
          carrier_id: connection.carrier_id,
          carrier: connectedNameOf(carrier, connection.scac),
          state: connection.state,
          credentials_version: connection.credentials_version,
          expires_at: lease.expiresAt,
          ...handedOut(lease),
        }
      },
    )
    done()
  }
