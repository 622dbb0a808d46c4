import type { ExpressionBuilder } from 'kysely'
import type { Db, Tx } from '../../db.ts'
import { findPage, PART, type PageSpan } from '../../pages.ts'
import type { OutboxMessage, Schema, WebhookDelivery } from '../../schema/tables.ts'
import type { TenantScope } from '../../scope.ts'
import type { WebhookKey } from './endpoints.ts'

const byEndpoint = ({ tenantId, environment, webhookId }: WebhookKey) => ({
  tenant_id: tenantId,
  environment,
  webhook_id: webhookId,
})

/** Adds a message with one delivery for each endpoint; each delivery is due at once. */
export async function insertMessage(
  tx: Tx,
  message: OutboxMessage,
  webhookIds: readonly string[],
): Promise<void> {
  const { tenant_id, environment, message_id, created_at } = message
  await tx.insertInto('outbox_message').values(message).execute()
  await tx
    .insertInto('webhook_delivery')
    .values(
      webhookIds.map((webhook_id) => ({
        tenant_id,
        environment,
        webhook_id,
        message_id,
        created_at,
        state: 'pending' as const,
        attempts: 0,
        next_at: created_at,
        fence: 0,
      })),
    )
    .execute()
}

/** Finds the message with this id. */
export function findMessage(
  db: Db,
  { tenantId, environment }: TenantScope,
  messageId: string,
): Promise<OutboxMessage | undefined> {
  return db
    .selectFrom('outbox_message')
    .selectAll()
    .where((eb) => eb.and({ tenant_id: tenantId, environment, message_id: messageId }))
    .executeTakeFirst()
}

/** A listed delivery holds the columns that a listing shows, with the type of the delivery's message. */
export type ListedDelivery = Pick<
  WebhookDelivery,
  'message_id' | 'state' | 'attempts' | 'next_at' | 'last_at' | 'last_status' | 'last_reason' | 'created_at'
> & { type: string }

/** Returns one page of the deliveries of an endpoint, newest message first, and their number. */
export async function listDeliveries(
  db: Db,
  key: WebhookKey,
  page: { limit: number; offset: number },
): Promise<{ deliveries: ListedDelivery[]; total: number }> {
  const listed = db.selectFrom('webhook_delivery').where((eb) => eb.and(byEndpoint(key)))
  const within = ({ after, last }: PageSpan<MessagePlace>) =>
    listed
      .$if(after !== undefined, (query) => query.where((eb) => eb(placeOf(eb), '<', tupleOf(eb, after))))
      .$if(last !== undefined, (query) => query.where((eb) => eb(placeOf(eb), '>=', tupleOf(eb, last))))
  const { rows, total } = await findPage<ListedDelivery, MessagePlace>(page, {
    boundary: (after) =>
      within({ after })
        .select(['created_at', 'message_id'])
        .orderBy('created_at', 'desc')
        .orderBy('message_id', 'desc')
        .offset(PART - 1)
        .limit(1)
        .executeTakeFirst(),
    count: async (span) =>
      span.last
        ? PART
        : (
            await within(span)
              .select((eb) => eb.fn.countAll<number>().as('count'))
              .executeTakeFirstOrThrow()
          ).count,
    rows: (span, { limit, offset }) =>
      within(span)
        .select([
          'message_id',
          'state',
          'attempts',
          'next_at',
          'last_at',
          'last_status',
          'last_reason',
          'created_at',
        ])
        .select((eb) =>
          eb
            .selectFrom('outbox_message as message')
            .select('message.type')
            .whereRef('message.tenant_id', '=', 'webhook_delivery.tenant_id')
            .whereRef('message.environment', '=', 'webhook_delivery.environment')
            .whereRef('message.message_id', '=', 'webhook_delivery.message_id')
            .as('type'),
        )
        .$narrowType<{ type: string }>()
        .orderBy('created_at', 'desc')
        .orderBy('message_id', 'desc')
        .limit(limit)
        .offset(offset)
        .execute(),
  })
  return { deliveries: rows, total }
}

/** A message place gives the position of a message in the order of lists. */
export type MessagePlace = Pick<WebhookDelivery, 'created_at' | 'message_id'>
type InDeliveries = ExpressionBuilder<Schema, 'webhook_delivery'>

const placeOf = (eb: InDeliveries) => eb.refTuple('created_at', 'message_id')
const tupleOf = (eb: InDeliveries, place: MessagePlace | undefined) =>
  eb.tuple(place?.created_at ?? '', place?.message_id ?? '')

/** `ReplaySelection` names one message, or all messages of a type since a time. */
export type ReplaySelection = { messageId: string } | { type: string; since: string }

/** Lists the next messages of a type since a time, in the order in which they came in; the list is empty where none are left. */
export function listMessagesToReplay(
  db: Db,
  { tenantId, environment }: TenantScope,
  { type, since }: { type: string; since: string },
  after: MessagePlace | undefined,
): Promise<MessagePlace[]> {
  return db
    .selectFrom('outbox_message')
    .select(['created_at', 'message_id'])
    .where((eb) => eb.and({ tenant_id: tenantId, environment, type }))
    .where('created_at', '>=', since)
    .$if(after !== undefined, (query) =>
      query.where((eb) =>
        eb(
          eb.refTuple('created_at', 'message_id'),
          '>',
          eb.tuple(after?.created_at ?? '', after?.message_id ?? ''),
        ),
      ),
    )
    .orderBy('created_at')
    .orderBy('message_id')
    .limit(REPLAYED_AT_ONCE)
    .execute()
}

/** `REPLAYED_AT_ONCE` is the largest number of messages that one transaction makes due again. */
const REPLAYED_AT_ONCE = 500

/** Makes messages due again at an endpoint, also messages that are older than the endpoint. A message that is being delivered stays claimed by the process that delivers it. */
export async function replayMessages(
  tx: Tx,
  key: WebhookKey,
  messages: readonly MessagePlace[],
  at: string,
): Promise<void> {
  if (messages.length === 0) return
  const known = tx
    .updateTable('webhook_delivery')
    .where((eb) => eb.and(byEndpoint(key)))
    .where(
      'message_id',
      'in',
      messages.map(({ message_id }) => message_id),
    )
  await known.set({ next_at: at }).where('state', '=', 'pending').execute()
  await known.set({ state: 'pending', attempts: 0, next_at: at }).where('state', '!=', 'pending').execute()
  await tx
    .insertInto('webhook_delivery')
    .values(
      messages.map(({ message_id, created_at }) => ({
        ...byEndpoint(key),
        message_id,
        created_at,
        state: 'pending' as const,
        attempts: 0,
        next_at: at,
        fence: 0,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
