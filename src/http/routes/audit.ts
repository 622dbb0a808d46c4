import type { FastifyPluginCallback } from 'fastify'
import { actions, type Action } from '../../audit/actions.ts'
import { listEvents, type EventPage, type ListedEvent } from '../../audit/list-events.ts'
import { connectedNameOf } from '../../catalog/carrier-code.ts'
import { storedCarrier } from '../../catalog/find-carrier.ts'
import type { Context } from '../../context.ts'
import { sendPage } from '../wire/send-list.ts'
import { describe, type QueryParameter } from '../openapi/describe.ts'
import {
  pageParameters,
  readActor,
  readBefore,
  readCarrierId,
  readChoice,
  readPage,
  readTime,
} from '../wire/query.ts'
import * as schemas from '../openapi/schemas.ts'

const MOST = 500
const USUAL = 50

const ACTIONS = Object.keys(actions) as Action[]

const query: QueryParameter[] = [
  ...pageParameters('Events', { most: MOST, about: 'Which page, newest events first.' }),
  { name: 'carrier_id', about: 'Events of one connection.', schema: { type: 'string' } },
  {
    name: 'actor',
    about: 'Events of one actor: `key:<id>` or the id alone, `cli`, `system` or `anonymous`.',
    schema: { type: 'string', pattern: '^((key:)?[0-9A-Za-z]{12}|cli|system|anonymous)$' },
  },
  { name: 'action', about: 'Events of one kind.', schema: { type: 'string', enum: ACTIONS } },
  { name: 'since', about: 'Not before this time.', schema: { type: 'string', format: 'date-time' } },
  {
    name: 'until',
    about: 'Before this time; a plain day is meant whole.',
    schema: { type: 'string', format: 'date-time' },
  },
]

/** Returns the route that lists the audit log of the account. */
export const auditRoutes =
  (ctx: Context): FastifyPluginCallback =>
  (app, _options, done) => {
    app.get(
      '/audit',
      describe({
        operationId: 'list_audit_events',
        summary: 'Who did what, newest first',
        description:
          'Every change and every refusal that matters, in a chain that shows when an event is missing. `changes` has what is not secret before and after; a secret field is named in `fields`, and no value of it is anywhere.',
        tag: 'Audit',
        scope: 'admin',
        query,
        answers: { 200: schemas.auditPage },
      }),
      async (request, reply) => {
        const asked = request.query as Record<string, unknown>
        const page = readPage(asked, MOST, USUAL) ?? { page: 1, size: USUAL }
        const filter = {
          carrierId: readCarrierId(asked),
          actor: readActor(asked, 'actor'),
          action: readChoice(asked, 'action', ACTIONS),
          since: readTime(asked, 'since'),
          until: readBefore(asked, 'until'),
        }
        const { events, connections, ...rest } = await listEvents(ctx, request.actor, filter, page)
        return sendPage(reply, {
          name: 'events',
          items: events,
          toObject: eventObject,
          rest: { connections: connections.map(nameObject), ...rest },
        })
      },
    )
    done()
  }

const eventObject = (event: ListedEvent) => ({
  seq: event.seq,
  at: event.at,
  actor: event.actor,
  action: event.action,
  carrier_id: event.carrier_id,
  key_id: event.keyId,
  subject: event.subject,
  fields: JSON.parse(event.fields) as string[],
  changes: event.changes,
  changes_lost: event.lost,
  version: event.version,
  outcome: event.outcome,
  request_id: event.request_id,
  ip: event.ip,
})

/** Returns the id, the carrier and the nickname of the connection of an event, also of a deleted one. */
const nameObject = ({ carrier_id, carrier, scac, nickname }: EventPage['connections'][number]) => ({
  carrier_id,
  carrier: connectedNameOf(storedCarrier(carrier), scac),
  nickname,
})
