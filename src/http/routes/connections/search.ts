import type { FastifyPluginCallback } from 'fastify'
import { findConnections } from '../../../connections/search.ts'
import type { Context } from '../../../context.ts'
import { connectionQuery, readConnectionQuery } from '../../wire/connection-query.ts'
import { foundObject } from '../../wire/connections.ts'
import { writeCursor } from '../../wire/pages.ts'
import { sendPage } from '../../wire/send-list.ts'
import { describe } from '../../openapi/describe.ts'
import * as schemas from '../../openapi/schemas.ts'

/** Returns the route that searches the connections of the account, or of every account that a partner created where the API key is the partner's. */
export const connectionRoutes =
  (ctx: Context): FastifyPluginCallback =>
  (app, _options, done) => {
    app.get(
      '/connections',
      describe({
        operationId: 'find_connections',
        summary: 'Connections by state, carrier and words, and how many there are in each state',
        description:
          'Parcel and LTL together. Several filters have to hold all at once. `counts` says how many connections there are in each state; only `carrier` and `scac` bear on it. `total` and `pages` are `null` where `q` finds so many that nobody counts them. A partner’s key without `On-Behalf-Of` looks through every account that the partner created, and `account` says whose each connection is.',
        tag: 'Health',
        scope: 'read',
        partners: true,
        query: connectionQuery,
        refuses: ['field_conflict'],
        answers: { 200: schemas.connectionPage },
      }),
      async (request, reply) => {
        const asked = readConnectionQuery(request.query as Record<string, unknown>, request.actor)
        const found = await findConnections(ctx, request.actor, asked)
        const { connections, counts, total, next } = found
        const rest = {
          counts,
          total: total ?? null,
          page: asked.page,
          pages: total === undefined ? null : Math.ceil(total / asked.size),
          next: next ? writeCursor(asked.sort, asked.page + 1, next) : null,
        }
        return sendPage(reply, { name: 'connections', items: connections, toObject: foundObject, rest })
      },
    )
    done()
  }
