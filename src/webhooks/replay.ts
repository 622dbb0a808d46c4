import { recordEvent } from '../audit/record-event.ts'
import { acceptFields } from '../catalog/forms/accept-fields.ts'
import type { Actor, Body, Context } from '../context.ts'
import { fail, failFields } from '../errors.ts'
import type { Tx } from '../store/db.ts'
import {
  findMessage,
  listDeliveries,
  listMessagesToReplay,
  replayMessages,
  type ListedDelivery,
  type MessagePlace,
} from '../store/tables/webhooks/outbox.ts'
import { parseTime } from '../time.ts'
import { requireScope } from '../require-scope.ts'
import { webhookKey, requireWebhook } from './endpoints.ts'
import { replayFields } from './form.ts'

export type DeliveryPage = {
  disabledAt: string | null
  deliveries: ListedDelivery[]
  total: number
  page: number
  pages: number
}

/** Returns one page of the deliveries of a webhook, newest message first; refuses an unknown webhook with 404. */
export async function listDeliveriesOf(
  { store }: Context,
  actor: Actor,
  webhookId: string,
  { page, size }: { page: number; size: number },
): Promise<DeliveryPage> {
  requireScope(actor, 'read')
  return store.read(actor.tenantId, async (db) => {
    const { disabled_at: disabledAt } = await requireWebhook(db, actor, webhookId)
    const { deliveries, total } = await listDeliveries(db, webhookKey(actor, webhookId), {
      limit: size,
      offset: (page - 1) * size,
    })
    return { disabledAt, deliveries, total, page, pages: Math.ceil(total / size) }
  })
}

/** Makes messages of a webhook's event due again under their own ids, and returns how many; refuses a disabled webhook and an unknown message. */
export async function replay(
  ctx: Context,
  actor: Actor,
  webhookId: string,
  body: Body,
): Promise<{ replayed: number }> {
  requireScope(actor, 'admin')
  await ctx.store.read(actor.tenantId, (db) => requireWebhook(db, actor, webhookId))
  const { messageId, since } = acceptReplay(body().reveal())
  const key = webhookKey(actor, webhookId)
  const fields = [messageId === undefined ? 'since' : 'message_id']
  let replayed = 0
  // Many messages take several transactions, so that others can write in between; the first one also writes the audit event.
  for (let after: MessagePlace | undefined; ;) {
    const messages = await ctx.store.transaction(actor.tenantId, async (tx) => {
      const { event, disabled_at } = await requireWebhook(tx, actor, webhookId)
      if (disabled_at !== null) fail('webhook_disabled', 'The webhook is disabled; update it first.')
      const part =
        messageId === undefined
          ? await listMessagesToReplay(tx, actor, { type: event, since: since ?? '' }, after)
          : [await requireMessage(tx, actor, event, messageId)]
      await replayMessages(tx, key, part, ctx.clock().toISOString())
      if (!after)
        await recordEvent(ctx, tx, actor, { action: 'webhook.replayed', subject: webhookId, fields })
      return part
    })
    replayed += messages.length
    after = messages.at(-1)
    if (!after || messageId !== undefined) return { replayed }
  }
}

async function requireMessage(tx: Tx, actor: Actor, event: string, messageId: string): Promise<MessagePlace> {
  const message = await findMessage(tx, actor, messageId)
  if (message?.type === event) return message
  return fail('message_unknown', 'The webhook has no message with this id.', { fieldName: 'message_id' })
}

function acceptReplay(body: Readonly<Record<string, unknown>>): { messageId?: string; since?: string } {
  const accepted = acceptFields(replayFields, body)
  if (Array.isArray(accepted)) return failFields(accepted)
  const { message_id: messageId, since } = accepted.values
  if (messageId === undefined && since === undefined)
    failFields([
      { kind: 'required', field: 'message_id', message: 'message_id is required, or since instead.' },
    ])
  if (messageId !== undefined && since !== undefined)
    failFields([{ kind: 'conflict', field: 'since', message: 'since and message_id exclude each other.' }])
  if (since === undefined) return { messageId: messageId as string }
  const time = parseTime(since as string)
  return time === undefined
    ? failFields([
        {
          kind: 'invalid',
          field: 'since',
          message: 'since must be a date, or a date and time with an offset, in ISO 8601.',
        },
      ])
    : { since: time }
}
