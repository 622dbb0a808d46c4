import type { FastifyPluginCallback } from 'fastify'
import { getConnectionPolicy, setConnectionPolicy } from '../../connections/connection-policy.ts'
import { dependentsOf } from '../../connections/dependents.ts'
import { restoreConnection } from '../../connections/restore.ts'
import type { Context } from '../../context.ts'
import { answerOutcome, ifMatchOf } from '../answers.ts'
import { bodyOf } from '../body.ts'
import * as wire from '../delete-wire.ts'
import { describe } from '../openapi/describe.ts'
import { oneConnection, type ConnectionParams } from '../one-connection.ts'
import { closed, ltlId, seId } from '../openapi/schemas.ts'
import { etag } from '../wire.ts'

const tag = 'Deletes'

/** What a delete of one connection would meet, who decides, and how it is undone; the same for parcel and LTL. */
export const deleteRoutes =
  (ctx: Context, mode: 'parcel' | 'ltl'): FastifyPluginCallback =>
  (app, _options, done) => {
    const { path, named, operation, query } = oneConnection[mode]

    app.get<ConnectionParams>(
      `${path}/dependents`,
      describe({
        operationId: operation('list_dependents'),
        summary: 'What hangs on a connection, and what a delete of it would do now',
        tag,
        scope: 'read',
        query,
        answers: { 200: wire.dependentsAnswer },
      }),
      async (request, reply) => {
        const found = await dependentsOf(ctx, request.actor, named(request))
        reply.header('etag', etag(found.connection.version))
        return wire.dependentsObject(found)
      },
    )

    app.get<ConnectionParams>(
      `${path}/policy`,
      describe({
        operationId: operation('get_connection_policy'),
        summary: 'What a delete of this connection does about open shipments, and who says so',
        tag,
        scope: 'read',
        query,
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
        tag,
        scope: 'admin',
        query,
        versioned: true,
        body: wire.connectionPolicyBody,
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
        tag,
        scope: 'write',
        query,
        refusals: [409],
        answers: { 200: closed({ carrier_id: mode === 'ltl' ? ltlId : seId }) },
      }),
      async (request, reply) =>
        answerOutcome(reply, await restoreConnection(ctx, request.actor, named(request))),
    )
    done()
  }
