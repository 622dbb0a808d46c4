import type { FastifyPluginCallback } from 'fastify'
import { disconnectCarrier } from '../../../connections/deletes/disconnect.ts'
import { getConnection, listBatches } from '../../../connections/list-carriers.ts'
import { connectCarrier, connectCarrierByBody } from '../../../connections/connect.ts'
import { updateConnection } from '../../../connections/update.ts'
import { requireLtlCarrier } from '../../../connections/request/require.ts'
import type { Context } from '../../../context.ts'
import { answerOutcome, ifMatchOf, setNotices, verifyParameter, verifyWishOf } from '../../wire/outcome.ts'
import { bodyOf } from '../../server/body.ts'
import { carrierCodeParameter } from '../../wire/carrier-code-parameter.ts'
import { deleteParameters, deleteWishOf } from '../../wire/deletes.ts'
import { describe, reference } from '../../openapi/describe.ts'
import { listLimits, sendList } from '../../wire/send-list.ts'
import { CHANGED, VERIFIED } from '../../openapi/refusals.ts'
import * as schemas from '../../openapi/schemas.ts'
import { etag, ltlCarrierObject, ltlConnectedObject, ltlRequirements } from '../../wire/connections.ts'

type ByCode = { Params: { carrier_code: string } }
type ByCodeAndId = { Params: { carrier_code: string; carrier_id: string } }
// This part of the path is the id of a connection on some routes, and a SCAC on others.
type ByEither = { Params: { carrier: string } }

const tag = 'LTL'

/** Returns the routes that connect, update, disconnect and list LTL carriers. */
export const ltlRoutes =
  (ctx: Context): FastifyPluginCallback =>
  (app, _options, done) => {
    app.post<ByCode>(
      '/connections/:carrier_code',
      describe({
        operationId: 'connect_ltl_account',
        summary: 'Connect an LTL account under a SCAC',
        description:
          'The credentials that the carrier asks for; `GET /v-beta/ltl/carriers/{scac}/credential_requirements` lists them. A second connection of one account is told in `Hawser-Notice`, and not refused.',
        tag,
        scope: 'write',
        query: [carrierCodeParameter, verifyParameter],
        body: reference('ltl_credentials'),
        refuses: ['carrier_not_connectable', ...VERIFIED],
        tells: ['ETag', 'Hawser-Notice'],
        answers: { 200: schemas.ltlCarrierIdAnswer },
      }),
      async (request, reply) => {
        const { carrier_code: scac } = request.params
        const named = { scac, body: bodyOf(request), verify: verifyWishOf(request) }
        return answerOutcome(reply, await connectCarrier(ctx, request.actor, named))
      },
    )

    app.put<ByCodeAndId>(
      '/connections/:carrier_code/:carrier_id',
      describe({
        operationId: 'update_ltl_account',
        summary: 'Replace the credentials of an LTL connection under its permanent id',
        description:
          'The documented credentials are replaced as a set. The `carrier_id` stays the same, and any SCAC of the carrier reaches it.',
        tag,
        scope: 'write',
        query: [carrierCodeParameter, verifyParameter],
        body: reference('ltl_credentials'),
        versioned: true,
        refuses: [...VERIFIED, ...CHANGED],
        tells: ['ETag', 'Hawser-Notice'],
        answers: { 200: schemas.ltlCarrierIdAnswer },
      }),
      async (request, reply) => {
        const { carrier_code: scac, carrier_id: carrierId } = request.params
        const asked = { body: bodyOf(request), ifMatch: ifMatchOf(request), verify: verifyWishOf(request) }
        return answerOutcome(reply, await updateConnection(ctx, request.actor, { scac, carrierId, ...asked }))
      },
    )

    app.delete<ByCodeAndId>(
      '/connections/:carrier_code/:carrier_id',
      describe({
        operationId: 'disconnect_ltl_account',
        summary: 'Disconnect an LTL account',
        description: 'Obeys the same rules as the delete of a parcel connection.',
        tag,
        scope: 'write',
        query: [carrierCodeParameter, ...deleteParameters],
        versioned: true,
        refuses: ['open_shipments', ...CHANGED],
        tells: ['Hawser-Notice'],
        answers: { 204: null },
      }),
      async (request, reply) => {
        const { carrier_code: scac, carrier_id: carrierId } = request.params
        const wish = deleteWishOf(request)
        setNotices(reply, await disconnectCarrier(ctx, request.actor, { scac, carrierId, ...wish }))
        return reply.code(204).send()
      },
    )

    app.post(
      '/carriers',
      describe({
        operationId: 'connect_ltl_carrier',
        summary: 'Connect an LTL account whose SCAC stands in the body',
        description: 'The same connect in another published spelling; it answers the whole carrier.',
        tag,
        scope: 'write',
        query: [verifyParameter],
        body: reference('ltl_connect'),
        refuses: ['scac_unknown', 'carrier_not_connectable', ...VERIFIED],
        tells: ['ETag', 'Hawser-Notice'],
        answers: { 200: schemas.ltlConnectedAnswer },
      }),
      async (request, reply) => {
        const asked = { body: bodyOf(request), verify: verifyWishOf(request) }
        const outcome = await connectCarrierByBody(ctx, request.actor, asked)
        return answerOutcome(reply, outcome, (carrierId) => ltlConnectedObject(carrierId, outcome.carrier))
      },
    )

    app.put<ByEither>(
      '/carriers/:carrier',
      describe({
        operationId: 'update_ltl_carrier',
        summary: 'Replace the credentials of an LTL connection, found by its id alone',
        description: 'The same update in another published spelling.',
        tag,
        scope: 'write',
        query: [verifyParameter],
        body: reference('ltl_credentials'),
        versioned: true,
        refuses: [...VERIFIED, ...CHANGED],
        tells: ['ETag', 'Hawser-Notice'],
        answers: { 200: schemas.ltlCarrierIdAnswer },
      }),
      async (request, reply) => {
        const named = {
          mode: 'ltl' as const,
          carrierId: request.params.carrier,
          ifMatch: ifMatchOf(request),
          body: bodyOf(request),
          verify: verifyWishOf(request),
        }
        return answerOutcome(reply, await updateConnection(ctx, request.actor, named))
      },
    )

    app.get(
      '/carriers',
      describe(
        {
          operationId: 'list_ltl_carriers',
          summary: 'Connected LTL carriers, oldest first',
          description: 'Each under the SCAC that it was connected with, without credentials.',
          tag,
          scope: 'read',
          answers: { 200: schemas.ltlCarrierList },
        },
        listLimits(ctx),
      ),
      (request, reply) =>
        sendList(
          reply,
          { before: '{"carriers":[', after: ']}' },
          listBatches(ctx, request.actor, 'ltl'),
          ltlCarrierObject,
        ),
    )

    app.get<ByEither>(
      '/carriers/:carrier',
      describe({
        operationId: 'get_ltl_carrier',
        summary: 'One connected LTL carrier, in a list of its own',
        description: 'The published wrapper, with one carrier in it.',
        tag,
        scope: 'read',
        tells: ['ETag'],
        answers: { 200: schemas.ltlCarrierList },
      }),
      async (request, reply) => {
        const listed = await getConnection(ctx, request.actor, 'ltl', request.params.carrier)
        reply.header('etag', etag(listed.connection.version))
        return { carriers: [ltlCarrierObject(listed)] }
      },
    )

    const lists = {
      options: schemas.ltlOptions,
      packages: schemas.ltlPackages,
      services: schemas.ltlServices,
    } as const
    for (const [list, schema] of Object.entries(lists) as [keyof typeof lists, (typeof lists)['options']][])
      app.get<ByEither>(
        `/carriers/:carrier/${list}`,
        describe({
          operationId: `list_ltl_carrier_${list}`,
          summary: `The ${list} of a connected LTL carrier`,
          description: 'What the carrier’s file in the catalog knows; an empty list where nothing is public.',
          tag,
          scope: 'read',
          answers: { 200: schema },
        }),
        async (request) => {
          const { carrier } = await getConnection(ctx, request.actor, 'ltl', request.params.carrier)
          return { [list]: carrier[list] }
        },
      )

    app.get<ByEither>(
      '/carriers/:carrier/credential_requirements',
      describe({
        operationId: 'list_ltl_credential_requirements',
        summary: 'What an LTL carrier asks for, by SCAC',
        description: 'It needs no connection, only the SCAC.',
        tag,
        named: { carrier: 'scac' },
        scope: 'read',
        query: [carrierCodeParameter],
        answers: { 200: schemas.ltlRequirements },
      }),
      async (request) => {
        const carrier = requireLtlCarrier(request.params.carrier, request.actor.environment)
        return { credential_requirements: ltlRequirements(carrier) }
      },
    )

    app.get<ByEither>(
      '/carriers/:carrier/features',
      describe({
        operationId: 'list_ltl_carrier_features',
        summary: 'What an LTL carrier can do, by SCAC',
        description: 'It needs no connection, only the SCAC.',
        tag,
        named: { carrier: 'scac' },
        scope: 'read',
        query: [carrierCodeParameter],
        answers: { 200: schemas.ltlFeatures },
      }),
      async (request) => ({
        features: requireLtlCarrier(request.params.carrier, request.actor.environment).features,
      }),
    )
    done()
  }
