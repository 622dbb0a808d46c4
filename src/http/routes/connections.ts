import type { FastifyPluginCallback } from 'fastify'
import { connectedNameOf } from '../../catalog/carrier-code.ts'
import { findConnections, type FoundPage } from '../../connections/find-connections.ts'
import { STATES } from '../../connections/findings.ts'
import type { Context } from '../../context.ts'
import { describe, type QueryParameter } from '../openapi/describe.ts'
import { readBefore, readChoice, readPage, readText } from '../query.ts'
import * as schemas from '../openapi/schemas.ts'
import { healthObject } from '../wire.ts'

const STATUSES = ['pending_approval', 'approved'] as const
const MOST = 500
const USUAL = 50

const query: QueryParameter[] = [
  { name: 'state', about: 'Connections in this state.', schema: { enum: [...STATES] } },
  {
    name: 'connection_status',
    about: '`pending_approval` where the merchant still has to sign in at the carrier.',
    schema: { enum: [...STATUSES] },
  },
  { name: 'carrier', about: 'Of this carrier, by name or SCAC.', schema: { type: 'string' } },
  {
    name: 'environment',
    about: 'The environment of the API key; the other one is never shown.',
    schema: { enum: ['production', 'sandbox'] },
  },
  {
    name: 'older_than',
    about: 'In their state since before this time; a plain day is meant whole.',
    schema: { type: 'string', format: 'date-time' },
  },
  { name: 'page', about: 'Which page.', schema: { type: 'integer', minimum: 1 } },
  {
    name: 'page_size',
    about: 'Connections on a page.',
    schema: { type: 'integer', minimum: 1, maximum: MOST },
  },
]

/** Every connection of the account, found by what needs attention. */
export const connectionRoutes =
  (ctx: Context): FastifyPluginCallback =>
  (app, _options, done) => {
    app.get(
      '/connections',
      describe({
        operationId: 'find_connections',
        summary: 'Connections by state and carrier, those longest in their state first',
        tag: 'Health',
        scope: 'read',
        query,
        answers: { 200: schemas.connectionPage },
      }),
      async (request) => {
        const asked = request.query as Record<string, unknown>
        const page = readPage(asked, MOST, USUAL) ?? { page: 1, size: USUAL }
        const search = {
          ...given('state', readChoice(asked, 'state', STATES)),
          ...given('status', readChoice(asked, 'connection_status', STATUSES)),
          ...given('carrier', readText(asked, 'carrier')),
          ...given('olderThan', readBefore(asked, 'older_than')),
        }
        readChoice(asked, 'environment', [request.actor.environment])
        return pageObject(await findConnections(ctx, request.actor, search, page))
      },
    )
    done()
  }

const given = <K extends string, T>(name: K, value: T | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { [N in K]?: T }

function pageObject({ connections, ...page }: FoundPage) {
  return {
    connections: connections.map(({ connection, carrier, advice }) => ({
      carrier_id: connection.carrier_id,
      mode: connection.mode,
      carrier: connectedNameOf(carrier, connection.scac),
      nickname: connection.nickname,
      account_number: connection.account_number,
      connection_status: connection.connection_status,
      ...healthObject(connection, advice),
      version: connection.version,
      credentials_version: connection.credentials_version,
      created_at: connection.created_at,
      updated_at: connection.updated_at,
    })),
    ...page,
  }
}
