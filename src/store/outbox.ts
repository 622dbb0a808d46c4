import type { Scope } from './connections.ts'
import type { Db, Tx } from './db.ts'
import type { OutboxMessage, WebhookDelivery } from './schema.ts'
import type { WebhookKey } from './webhooks.ts'

const byEndpoint = ({ tenantId, environment, webhookId }: WebhookKey) => ({
  tenant_id: tenantId,
  environment,
  webhook_id: webhookId,
})

/** Adds a message with one delivery for each endpoint, due at once. */
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
        ...{ tenant_id, environment, webhook_id, message_id, created_at },
        ...{ state: 'pending' as const, attempts: 0, next_at: created_at, fence: 0 },
      })),
    )
    .execute()
}

/** The message with this id. */
export function findMessage(
  db: Db,
  { tenantId, environment }: Scope,
  messageId: string,
): Promise<OutboxMessage | undefined> {
  return db
    .selectFrom('outbox_message')
    .selectAll()
    .where((eb) => eb.and({ tenant_id: tenantId, environment, message_id: messageId }))
    .executeTakeFirst()
}

/** What the deliveries of an endpoint show of themselves, with the type of their message. */
export type ListedDelivery = Pick<
  WebhookDelivery,
  'message_id' | 'state' | 'attempts' | 'next_at' | 'last_at' | 'last_status' | 'last_reason' | 'created_at'
> & { type: string }

/** One page of the deliveries of an endpoint, newest message first, and how many there are. */
export async function listDeliveries(
  db: Db,
  key: WebhookKey,
  page: { limit: number; offset: number },
): Promise<{ deliveries: ListedDelivery[]; total: number }> {
  const { total } = await db
    .selectFrom('webhook_delivery')
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .where((eb) => eb.and(byEndpoint(key)))
    .executeTakeFirstOrThrow()
  const deliveries = await db
    .selectFrom('webhook_delivery as delivery')
    .innerJoin('outbox_message as message', (join) =>
      join
        .onRef('message.tenant_id', '=', 'delivery.tenant_id')
        .onRef('message.environment', '=', 'delivery.environment')
        .onRef('message.message_id', '=', 'delivery.message_id'),
    )
    .select([
      'delivery.message_id',
      'delivery.state',
      'delivery.attempts',
      'delivery.next_at',
      'delivery.last_at',
      'delivery.last_status',
      'delivery.last_reason',
      'message.created_at',
      'message.type',
    ])
    .where('delivery.tenant_id', '=', key.tenantId)
    .where('delivery.environment', '=', key.environment)
    .where('delivery.webhook_id', '=', key.webhookId)
    .orderBy('message.created_at', 'desc')
    .orderBy('delivery.message_id')
    .limit(page.limit)
    .offset(page.offset)
    .execute()
  return { deliveries, total }
}

/** Which messages: one, or all of a type since a time. */
export type Wanted = { messageId: string } | { type: string; since: string }

/**
 * Makes messages due at an endpoint once more, also those that came before it, and answers how many.
 * One that is being delivered right now is not taken away from who does.
 */
export async function replayMessages(tx: Tx, key: WebhookKey, wanted: Wanted, at: string): Promise<number> {
  const { tenantId, environment, webhookId } = key
  const messages = tx
    .selectFrom('outbox_message')
    .where((eb) => eb.and({ tenant_id: tenantId, environment }))
    .where((eb) =>
      'messageId' in wanted
        ? eb('message_id', '=', wanted.messageId)
        : eb.and([eb('type', '=', wanted.type), eb('created_at', '>=', wanted.since)]),
    )
  const known = tx
    .updateTable('webhook_delivery')
    .where((eb) => eb.and(byEndpoint(key)))
    .where('message_id', 'in', messages.select('message_id'))
  await known.set({ next_at: at }).where('state', '=', 'pending').execute()
  await known.set({ state: 'pending', attempts: 0, next_at: at }).where('state', '!=', 'pending').execute()
  await tx
    .insertInto('webhook_delivery')
    .columns([
      ...(['tenant_id', 'environment', 'webhook_id', 'message_id'] as const),
      ...(['state', 'attempts', 'next_at', 'fence', 'created_at'] as const),
    ])
    .expression(
      messages.select((eb) => [
        'tenant_id',
        'environment',
        eb.val(webhookId).as('webhook_id'),
        'message_id',
        eb.val('pending').as('state'),
        eb.lit(0).as('attempts'),
        eb.val(at).as('next_at'),
        eb.lit(0).as('fence'),
        eb.val(at).as('created_at'),
      ]),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const { count } = await messages
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return count
}
