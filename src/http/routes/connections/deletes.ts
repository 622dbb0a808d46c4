import type { FastifyPluginCallback } from 'fastify'
import { getConnectionPolicy, setConnectionPolicy } from '../../../connections/deletes/connection-policy.ts'
import { describeDependents } from '../../../connections/deletes/dependents.ts'
import { restoreConnection } from '../../../connections/deletes/restore.ts'
import type { Context } from '../../../context.ts'
import { answerOutcome, ifMatchOf } from '../../wire/outcome.ts'
import { bodyOf } from '../../server/body.ts'
import { CHANGED } from '../../openapi/refusals.ts'
import * as wire from '../../wire/deletes.ts'
import { describe } from '../../openapi/describe.ts'
import { oneConnection, type ConnectionParams } from '../../wire/connection-path.ts'
import { closed, ltlId, seId } from '../../openapi/schemas.ts'
import { etag } from '../../wire/connections.ts'

const tag = 'Deletes'

/** Returns the routes of one mode that show what depends on one connection, that read and set its delete policy, and that restore it. */
export const deleteRoutes =
  (ctx: Context, mode: 'parcel' | 'ltl'): FastifyPluginCallback =>
  (app, _options, done) => {
    const { path, named, operation, query } = oneConnection[mode]

    app.get<ConnectionParams>(
      `${path}/dependents`,
      describe({
        operationId: operation('list_dependents'),
        summary: 'What hangs on a connection, and what a delete of it would do now',
        description:
          'Open shipments, live leases, webhooks and the next check, and whether a delete would be refused; it changes nothing.',
        tag,
        scope: 'read',
        query,
        refuses: [...CHANGED],
        tells: ['ETag'],
        answers: { 200: wire.dependentsAnswer },
      }),
      async (request, reply) => {
        const found = await describeDependents(ctx, request.actor, named(request))
        reply.header('etag', etag(found.connection.version))
        return wire.dependentsObject(found)
      },
    )

    app.get<ConnectionParams>(
      `${path}/policy`,
      describe({
        operationId: operation('get_connection_policy'),
        summary: 'What a delete of this connection does about open shipments, and who says so',
        description:
          'What the connection says itself, and what is in force with what the carrier and the account say.',
        tag,
        scope: 'read',
        query,
        tells: ['ETag'],
        answers: { 200: wire.connectionPolicyAnswer },
      }),
      async (request, reply) => {
        const policy = await getConnectionPolicy(ctx, request.actor, named(request))
        reply.header('etag', etag(policy.version))
        return wire.connectionPolicyObject(policy)
      },
    )

    app.put<ConnectionParams>(
      `${path}/policy`,
      describe({
        operationId: operation('set_connection_policy'),
        summary: 'Change what a delete of this connection does about open shipments',
        description:
          '`refuse` and `warn` decide for this connection, `null` leaves it to the account, and an empty body changes nothing. A carrier that requires manifests is refused for in any case.',
        tag,
        scope: 'admin',
        query,
        versioned: true,
        body: wire.connectionPolicyBody,
        refuses: [...CHANGED],
        tells: ['ETag'],
        answers: { 200: wire.connectionPolicyAnswer },
      }),
      async (request, reply) => {
        const wanted = { ifMatch: ifMatchOf(request), body: bodyOf(request) }
        const policy = await setConnectionPolicy(ctx, request.actor, { ...named(request), ...wanted })
        reply.header('etag', etag(policy.version))
        return wire.connectionPolicyObject(policy)
      },
    )

    app.post<ConnectionParams>(
      `${path}/restore`,
      describe({
        operationId: operation('restore_connection'),
        summary: 'Bring a deleted connection back under its id',
        description:
          'The credentials come back as a new version under the old `carrier_id`, until they have been erased. Refused when the account has been connected again.',
        tag,
        scope: 'write',
        query,
        refuses: ['nothing_to_restore', 'account_already_connected', ...CHANGED],
        tells: ['ETag', 'Location', 'Hawser-Notice'],
        answers: { 200: closed({ carrier_id: mode === 'ltl' ? ltlId : seId }) },
      }),
      async (request, reply) =>
        answerOutcome(reply, await restoreConnection(ctx, request.actor, named(request))),
    )
    done()
  }
