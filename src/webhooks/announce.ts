import { randomBytes } from 'node:crypto'
import type { Actor, Context } from '../context.ts'
import { findConnection } from '../store/connections.ts'
import type { Tx } from '../store/db.ts'
import { insertMessage } from '../store/outbox.ts'
import { listSubscribers } from '../store/webhooks.ts'
import type { EventType } from './events.ts'
import { payloadOf, type Details } from './payload.ts'

/** What to tell, of which connection; the rest is read from the connection as the transaction leaves it. */
export type Announcement = { type: EventType; carrierId: string; details?: Details }

/**
 * Puts a message into the outbox for every webhook that wants it, in the transaction of the effect: it is sent if and only if that commits.
 * Call it while the connection is there: after it is added or changed, before it is removed.
 */
export async function announce(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { type, carrierId, details = {} }: Announcement,
): Promise<void> {
  const { tenantId, environment } = actor
  const webhookIds = await listSubscribers(tx, actor, type)
  if (webhookIds.length === 0) return
  const connection = await findConnection(tx, { tenantId, environment, carrierId })
  if (!connection) throw new Error('A message names a connection that is not there.')
  const at = ctx.clock().toISOString()
  await insertMessage(
    tx,
    {
      tenant_id: tenantId,
      environment,
      message_id: newMessageId(),
      type,
      payload: payloadOf(ctx, type, connection, at, details),
      created_at: at,
    },
    webhookIds,
  )
}

const newMessageId = () => `msg_${randomBytes(16).toString('hex')}`
