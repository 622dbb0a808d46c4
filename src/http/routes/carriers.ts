import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'
import { refuseFunding } from '../../connections/refuse-funding.ts'
import { disconnectCarrier } from '../../connections/deletes/disconnect.ts'
import { getConnection, listBatches, listPage } from '../../connections/list-carriers.ts'
import type { Context } from '../../context.ts'
import { setNotices } from '../wire/outcome.ts'
import { deleteParameters, deleteWishOf } from '../wire/deletes.ts'
import { describe, type QueryParameter } from '../openapi/describe.ts'
import { listLimits, sendList } from '../wire/send-list.ts'
import { pageParameters, readFlag, readPage } from '../wire/query.ts'
import { CHANGED } from '../openapi/refusals.ts'
import * as schemas from '../openapi/schemas.ts'
import { carrierObject, etag, packageObjects, serviceObjects } from '../wire/connections.ts'

type OfConnection = { Params: { carrier_id: string } }

const tag = 'Carriers'

/** Returns the routes of the connected parcel carriers in the published shape; with `paged` the list takes the parameters of the second version of the API. */
export const carrierRoutes =
  (ctx: Context, { paged }: { paged: boolean }): FastifyPluginCallback =>
  (app, _options, done) => {
    const listedOf = async (request: FastifyRequest<OfConnection>, reply: FastifyReply) => {
      const listed = await getConnection(ctx, request.actor, 'parcel', request.params.carrier_id)
      reply.header('etag', etag(listed.connection.version))
      return listed
    }

    app.get(
      '/carriers',
      describe(
        {
          operationId: 'list_carriers',
          summary: 'Connected carriers, oldest first',
          description:
            'Every connected parcel carrier of the account in the published shape, without credentials.',
          tag,
          scope: 'read',
          query: paged ? listQuery : [],
          answers: { 200: schemas.carrierList },
        },
        listLimits(ctx),
      ),
      async (request, reply) => (paged ? listPaged(ctx, request, reply) : listAll(ctx, request, reply)),
    )

    app.get<OfConnection>(
      '/carriers/:carrier_id',
      describe({
        operationId: 'get_carrier_by_id',
        summary: 'One connected carrier',
        description: 'The connection in the published shape, with its services, packages and options.',
        tag,
        scope: 'read',
        tells: ['ETag'],
        answers: { 200: schemas.carrier },
      }),
      async (request, reply) => {
        const listed = await listedOf(request, reply)
        return carrierObject(listed)
      },
    )

    app.delete<OfConnection>(
      '/carriers/:carrier_id',
      describe({
        operationId: 'disconnect_carrier_by_id',
        summary: 'Disconnect a carrier account',
        description: 'The same as the delete under the carrier’s name, found by the id alone.',
        tag,
        scope: 'write',
        query: deleteParameters,
        versioned: true,
        refuses: ['open_shipments', ...CHANGED],
        tells: ['Hawser-Notice'],
        answers: { 204: null },
      }),
      async (request, reply) => {
        const { carrier_id: carrierId } = request.params
        const wish = deleteWishOf(request)
        setNotices(reply, await disconnectCarrier(ctx, request.actor, { mode: 'parcel', carrierId, ...wish }))
        return reply.code(204).send()
      },
    )

    app.get<OfConnection>(
      '/carriers/:carrier_id/services',
      describe({
        operationId: 'list_carrier_services',
        summary: 'Services of a connected carrier',
        description:
          'What the carrier’s file in the catalog knows of its services; an empty list where nothing is public.',
        tag,
        scope: 'read',
        tells: ['ETag'],
        answers: { 200: schemas.closed({ services: { type: 'array', items: schemas.service } }) },
      }),
      async (request, reply) => {
        const listed = await listedOf(request, reply)
        return { services: serviceObjects(listed) }
      },
    )

    app.get<OfConnection>(
      '/carriers/:carrier_id/packages',
      describe({
        operationId: 'list_carrier_package_types',
        summary: 'Package types of a connected carrier',
        description:
          'What the carrier’s file in the catalog knows of its package types; an empty list where nothing is public.',
        tag,
        scope: 'read',
        tells: ['ETag'],
        answers: { 200: schemas.closed({ packages: { type: 'array', items: schemas.packageType } }) },
      }),
      async (request, reply) => {
        const { carrier } = await listedOf(request, reply)
        return { packages: packageObjects(carrier) }
      },
    )

    app.get<OfConnection>(
      '/carriers/:carrier_id/options',
      describe({
        operationId: 'get_carrier_options',
        summary: 'Options of a connected carrier',
        description:
          'What the carrier’s file in the catalog knows of its options; an empty list where nothing is public.',
        tag,
        scope: 'read',
        tells: ['ETag'],
        answers: { 200: schemas.closed({ options: { type: 'array', items: schemas.option } }) },
      }),
      async (request, reply) => {
        const { carrier } = await listedOf(request, reply)
        return { options: carrier.options }
      },
    )

    app.put<OfConnection>(
      '/carriers/:carrier_id/add_funds',
      describe({
        operationId: 'add_funds_to_carrier',
        summary: 'Always refused: a connection holds no balance',
        description: 'A connection holds no balance: what is owed, the merchant pays at the carrier.',
        tag,
        scope: 'write',
        refuses: ['funding_unsupported'],
        answers: {},
      }),
      async (request) => refuseFunding(ctx, request.actor, request.params.carrier_id),
    )
    done()
  }

const MOST = 500
const USUAL = 25

const listQuery: QueryParameter[] = [
  ...pageParameters('Carriers', {
    most: MOST,
    about: 'Which page; without page and page_size the list is whole.',
  }),
  {
    name: 'include_extended_details',
    about: '`false` leaves out packages and options.',
    schema: { type: 'boolean' },
  },
]

const frame = ({ id }: FastifyRequest) => ({
  before: '{"carriers":[',
  after: `],"request_id":"${id}","errors":[]}`,
})

function listAll(ctx: Context, request: FastifyRequest, reply: FastifyReply) {
  return sendList(reply, frame(request), listBatches(ctx, request.actor, 'parcel'), carrierObject)
}

function listPaged(ctx: Context, request: FastifyRequest, reply: FastifyReply) {
  const query = request.query as Record<string, unknown>
  const page = readPage(query, MOST, USUAL)
  const extended = readFlag(query, 'include_extended_details') ?? true
  const batches = page ? once(listPage(ctx, request.actor, page)) : listBatches(ctx, request.actor, 'parcel')
  return sendList(reply, frame(request), batches, (listed) => {
    const { packages, options, ...brief } = carrierObject(listed)
    return extended ? { ...brief, packages, options } : brief
  })
}

async function* once<T>(value: Promise<T>): AsyncGenerator<T> {
  yield await value
}
