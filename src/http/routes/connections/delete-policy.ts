import type { FastifyPluginCallback } from 'fastify'
import { getDeletePolicy, setDeletePolicy } from '../../../connections/deletes/account-policy.ts'
import { eraseTombstoneNickname, findTombstones } from '../../../connections/deletes/deleted-connections.ts'
import type { Context } from '../../../context.ts'
import { bodyOf } from '../../server/body.ts'
import * as wire from '../../wire/deletes.ts'
import { sendPage } from '../../wire/send-list.ts'
import { describe, type QueryParameter } from '../../openapi/describe.ts'
import { pageParameters, readCarrierId, readPage, readText } from '../../wire/query.ts'

const tag = 'Deletes'
const MOST = 500
const USUAL = 50

const query: QueryParameter[] = [
  { name: 'carrier', about: 'Of this carrier, by name or SCAC.', schema: { type: 'string' } },
  { name: 'carrier_id', about: 'The one with this id.', schema: { type: 'string' } },
  ...pageParameters('Connections', { most: MOST }),
]

/** Returns the routes of the delete policy of an account, and of the tombstones of its deleted connections in both modes. */
export const deletePolicyRoutes =
  (ctx: Context): FastifyPluginCallback =>
  (app, _options, done) => {
    app.get(
      '/connections/delete_policy',
      describe({
        operationId: 'get_delete_policy',
        summary: 'What deletes do about open shipments, and how long they can be undone',
        description: 'It holds for every connection of the account that does not say otherwise.',
        tag,
        scope: 'read',
        answers: { 200: wire.deletePolicyAnswer },
      }),
      (request) => getDeletePolicy(ctx, request.actor),
    )

    app.put(
      '/connections/delete_policy',
      describe({
        operationId: 'set_delete_policy',
        summary: 'Change what deletes do from now on',
        description: 'What the body leaves out stays; `null` puts back what is usual.',
        tag,
        scope: 'admin',
        body: wire.deletePolicyBody,
        answers: { 200: wire.deletePolicyAnswer },
      }),
      (request) => setDeletePolicy(ctx, request.actor, bodyOf(request)),
    )

    app.get(
      '/connections/tombstones',
      describe({
        operationId: 'list_tombstones',
        summary: 'Deleted connections, those deleted last first; old ids resolve to names here',
        description: 'The id, the carrier, the nickname and the times of each; no credentials.',
        tag,
        scope: 'read',
        query,
        answers: { 200: wire.tombstonePage },
      }),
      async (request, reply) => {
        const asked = request.query as Record<string, unknown>
        const page = readPage(asked, MOST, USUAL) ?? { page: 1, size: USUAL }
        const search = { carrier: readText(asked, 'carrier'), carrierId: readCarrierId(asked) }
        const { tombstones: items, ...rest } = await findTombstones(ctx, request.actor, search, page)
        return sendPage(reply, { name: 'tombstones', items, toObject: wire.tombstoneObject, rest })
      },
    )

    app.delete<{ Params: { carrier_id: string } }>(
      '/connections/tombstones/:carrier_id/nickname',
      describe({
        operationId: 'erase_tombstone_nickname',
        summary: 'Erase the nickname that is left of a deleted connection',
        description: 'The rest of the tombstone stays, since the audit log names the id.',
        tag,
        scope: 'admin',
        answers: { 204: null },
      }),
      async (request, reply) => {
        await eraseTombstoneNickname(ctx, request.actor, request.params.carrier_id)
        return reply.code(204).send()
      },
    )
    done()
  }
