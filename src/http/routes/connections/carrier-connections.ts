import type { FastifyPluginCallback } from 'fastify'
import { connectCarrier } from '../../../connections/connect.ts'
import { disconnectCarrier } from '../../../connections/deletes/disconnect.ts'
import { deleteParameters, deleteWishOf } from '../../wire/deletes.ts'
import { describeConnection } from '../../../connections/list-carriers.ts'
import { updateConnection } from '../../../connections/update.ts'
import { parcelCarriers } from '../../../catalog/index.ts'
import type { Context } from '../../../context.ts'
import { answerOutcome, ifMatchOf, setNotices, verifyParameter, verifyWishOf } from '../../wire/outcome.ts'
import { bodyOf } from '../../server/body.ts'
import { describe, reference } from '../../openapi/describe.ts'
import { CHANGED, VERIFIED } from '../../openapi/refusals.ts'
import * as schemas from '../../openapi/schemas.ts'
import { etag, healthObject } from '../../wire/connections.ts'

type OfCarrier = { Params: { carrier_name: string } }
type OfConnection = { Params: { carrier_name: string; carrier_id: string } }

const tag = 'Carrier connections'

const CARRIERS = parcelCarriers
  .filter(({ closed }) => !closed)
  .map(({ name, title }) => `\`${name}\` (${title})`)
  .join(', ')

/** Returns the routes that connect, update and disconnect a parcel carrier, and that show the state of one connection. */
export const carrierConnectionRoutes =
  (ctx: Context): FastifyPluginCallback =>
  (app, _options, done) => {
    app.post<OfCarrier>(
      '/connections/carriers/:carrier_name',
      describe({
        operationId: 'connect_carrier',
        summary: 'Connect a carrier account',
        description: `The body is the form of the carrier in the path; \`GET /v1/connections/carriers/{carrier_name}\` answers it as a JSON Schema. Where the carrier can be asked, the credentials are tried before anything is stored, and what it refuses is refused. A second connection of one account is refused unless \`allow_duplicate_account_number\` is \`true\`.\n\nCarriers: ${CARRIERS}.`,
        tag,
        scope: 'write',
        query: [verifyParameter],
        body: reference('connect_carrier'),
        refuses: [
          'carrier_not_connectable',
          'account_already_connected',
          'terms_not_accepted',
          'field_conflict',
          ...VERIFIED,
        ],
        tells: ['ETag', 'Location', 'Hawser-Notice'],
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
        description:
          'The new credentials are tried before they replace the old ones; a refusal leaves the old ones in force, and the `carrier_id` stays the same. What is optional and absent keeps its value, `null` clears it.',
        tag,
        scope: 'write',
        query: [verifyParameter],
        body: reference('update_carrier'),
        versioned: true,
        refuses: [
          'update_unsupported',
          'account_already_connected',
          'terms_not_accepted',
          'field_conflict',
          ...VERIFIED,
          ...CHANGED,
        ],
        tells: ['ETag', 'Location', 'Hawser-Notice'],
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
        description:
          'Refused while shipments stand open that the carrier wants on a manifest. A deleted connection can be restored for some days, unless `purge` says otherwise.',
        tag,
        scope: 'write',
        query: deleteParameters,
        versioned: true,
        refuses: ['open_shipments', ...CHANGED],
        tells: ['Hawser-Notice'],
        answers: { 204: null },
      }),
      async (request, reply) => {
        const { carrier_name: carrierName, carrier_id: carrierId } = request.params
        const wish = deleteWishOf(request)
        const notices = await disconnectCarrier(ctx, request.actor, { carrierName, carrierId, ...wish })
        setNotices(reply, notices)
        return reply.code(204).send()
      },
    )

    app.get<OfConnection>(
      '/connections/carriers/:carrier_name/:carrier_id',
      describe({
        operationId: 'describe_connection',
        summary: 'State of one connection: which fields are set, and no value of any secret',
        description:
          'Shows which fields are set, in which state the connection is, and what to do about it. No value of a secret is shown, ever.',
        tag,
        scope: 'read',
        tells: ['ETag'],
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
