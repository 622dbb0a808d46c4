import type { FastifyPluginCallback } from 'fastify'
import { connectCarrier } from '../../connections/connect.ts'
import { disconnectCarrier } from '../../connections/disconnect.ts'
import { deleteParameters, deleteWishOf } from '../delete-wire.ts'
import { describeConnection } from '../../connections/list.ts'
import { updateConnection } from '../../connections/update.ts'
import type { Context } from '../../context.ts'
import { answerOutcome, ifMatchOf, tellNotices, verifyParameter, verifyWishOf } from '../answers.ts'
import { bodyOf } from '../body.ts'
import { describe, reference } from '../openapi/describe.ts'
import * as schemas from '../openapi/schemas.ts'
import { etag, healthObject } from '../wire.ts'

type OfCarrier = { Params: { carrier_name: string } }
type OfConnection = { Params: { carrier_name: string; carrier_id: string } }

const tag = 'Carrier connections'

/** Connect, update and disconnect a parcel carrier, and the state of one connection. */
export const carrierConnectionRoutes =
  (ctx: Context): FastifyPluginCallback =>
  (app, _options, done) => {
    app.post<OfCarrier>(
      '/connections/carriers/:carrier_name',
      describe({
        operationId: 'connect_carrier',
        summary: 'Connect a carrier account',
        tag,
        scope: 'write',
        query: [verifyParameter],
        refusals: [502],
        body: reference('connect_carrier'),
        answers: { 200: schemas.carrierIdAnswer },
      }),
      async (request, reply) => {
        const { carrier_name: carrierName } = request.params
        const named = { carrierName, body: bodyOf(request), verify: verifyWishOf(request) }
        return answerOutcome(reply, await connectCarrier(ctx, request.actor, named))
      },
    )

    app.put<OfConnection>(
      '/connections/carriers/:carrier_name/:carrier_id',
      describe({
        operationId: 'update_carrier',
        summary: 'Replace the credentials of a connection under its permanent id',
        tag,
        scope: 'write',
        query: [verifyParameter],
        refusals: [502],
        body: reference('update_carrier'),
        versioned: true,
        answers: { 200: schemas.carrierIdAnswer },
      }),
      async (request, reply) => {
        const { carrier_name: carrierName, carrier_id: carrierId } = request.params
        const asked = { body: bodyOf(request), ifMatch: ifMatchOf(request), verify: verifyWishOf(request) }
        const named = { carrierName, carrierId, ...asked }
        return answerOutcome(reply, await updateConnection(ctx, request.actor, named))
      },
    )

    app.delete<OfConnection>(
      '/connections/carriers/:carrier_name/:carrier_id',
      describe({
        operationId: 'disconnect_carrier',
        summary: 'Disconnect a carrier account',
        tag,
        scope: 'write',
        query: deleteParameters,
        refusals: [409],
        versioned: true,
        answers: { 204: null },
      }),
      async (request, reply) => {
        const { carrier_name: carrierName, carrier_id: carrierId } = request.params
        const wish = deleteWishOf(request)
        const notices = await disconnectCarrier(ctx, request.actor, { carrierName, carrierId, ...wish })
        tellNotices(reply, notices)
        return reply.code(204).send()
      },
    )

    app.get<OfConnection>(
      '/connections/carriers/:carrier_name/:carrier_id',
      describe({
        operationId: 'describe_connection',
        summary: 'State of one connection: which fields are set, and no value of any secret',
        tag,
        scope: 'read',
        answers: { 200: schemas.connectionState },
      }),
      async (request, reply) => {
        const { carrier_name: carrierName, carrier_id: carrierId } = request.params
        const { connection, carrier, fields, advice } = await describeConnection(ctx, request.actor, {
          carrierName,
          carrierId,
        })
        reply.header('etag', etag(connection.version))
        return {
          carrier_id: connection.carrier_id,
          carrier_name: carrier.name,
          nickname: connection.nickname,
          account_number: connection.account_number,
          primary: connection.is_primary === 1,
          connection_status: connection.connection_status,
          fields,
          ...healthObject(connection, advice),
          version: connection.version,
          credentials_version: connection.credentials_version,
          created_at: connection.created_at,
          updated_at: connection.updated_at,
        }
      },
    )
    done()
  }
