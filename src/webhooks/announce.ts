import { randomBytes } from 'node:crypto'
import type { Actor, Context } from '../context.ts'
import { findConnection } from '../store/tables/connections/connections.ts'
import type { Tx } from '../store/db.ts'
import { addToOutbox, type OutboxEntry } from '../store/tables/webhooks/outbox-entries.ts'
import type { EventType } from './events.ts'
import { payloadOf, type Details } from './payload.ts'

/** What is told to webhooks; the rest is read from the connection as the transaction leaves it. */
export type Telling = { type: EventType; details?: Details }

/** Composes a message of a connection for the webhooks of the actor's account that want its type. */
export function outboxEntry(ctx: Context, actor: Actor, { type, details = {} }: Telling): OutboxEntry {
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
        payload: payloadOf(ctx, type, connection, at, details),
        created_at: at,
      }
    },
  }
}

/**
 * Puts a message into the outbox for every webhook that wants it, in the transaction of the effect: it is sent if and only if that commits.
 * Call it while the connection is there: after it is added or changed, before it is removed.
 */
export async function announce(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { carrierId, ...telling }: Telling & { carrierId: string },
): Promise<void> {
  const { tenantId, environment } = actor
  await addToOutbox(tx, outboxEntry(ctx, actor, telling), () =>
    findConnection(tx, { tenantId, environment, carrierId }),
  )
}

const newMessageId = () => `msg_${randomBytes(16).toString('hex')}`
