import { randomBytes } from 'node:crypto'
import type { Actor, Context } from '../context.ts'
import { findConnection } from '../store/tables/connections/connections.ts'
import type { Tx } from '../store/db.ts'
import { addToOutbox, type OutboxEntry } from '../store/tables/webhooks/outbox-entries.ts'
import type { EventType } from './events.ts'
import { payloadOf, type AnnouncementDetails } from './payload.ts'

/** `Announcement` says what to announce to webhooks; the rest of the message is read from the connection as the transaction leaves it. */
export type Announcement = { type: EventType; details?: AnnouncementDetails }

/** Makes the outbox entry for a message about a connection, for the webhooks of the actor's account that want the message's type. */
export function outboxEntry(ctx: Context, actor: Actor, { type, details = {} }: Announcement): OutboxEntry {
  const { tenantId, environment } = actor
  return {
    scope: { tenantId, environment },
    type,
    compose: (connection) => {
      const at = ctx.clock().toISOString()
      return {
        tenant_id: tenantId,
        environment,
        message_id: newMessageId(),
        type,
        payload: payloadOf(ctx, connection, { type, at, details }),
        created_at: at,
      }
    },
  }
}

/**
 * Puts a message into the outbox for every webhook that wants it, in the transaction that makes the change; the message is sent if and only if the transaction commits.
 * Call this function while the connection exists: after it is added or changed, and before it is removed.
 */
export async function announce(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { carrierId, ...telling }: Announcement & { carrierId: string },
): Promise<void> {
  const { tenantId, environment } = actor
  await addToOutbox(tx, outboxEntry(ctx, actor, telling), () =>
    findConnection(tx, { tenantId, environment, carrierId }),
  )
}

const newMessageId = () => `msg_${randomBytes(16).toString('hex')}`
