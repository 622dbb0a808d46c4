import type { Actor, Context } from '../../context.ts'
import type { Tx } from '../../store/db.ts'
import type { Connection } from '../../store/schema/tables.ts'
import { announce, type Announcement } from '../../webhooks/announce.ts'
import type { EventType } from '../../webhooks/events.ts'

type ToldState = Pick<Connection, 'state' | 'diagnosis' | 'trouble_told'>

/**
 * Returns the message for a change of state, where somebody would act on the change. `trouble_told` is 1 while trouble that was announced is not over.
 * When a connection with announced trouble is verified again, one message says so, whatever states came in between; without announced trouble there is no such message.
 */
export function findTransition(
  before: Pick<ToldState, 'state' | 'trouble_told'> | undefined,
  { state, diagnosis }: Pick<ToldState, 'state' | 'diagnosis'>,
): { message?: EventType } & Pick<ToldState, 'trouble_told'> {
  const told = before?.trouble_told ?? 0
  if (state === 'verified') return { trouble_told: 0, ...(told === 1 && { message: 'connection.recovered' }) }
  const trouble = before && troubleOf(state, diagnosis)
  // A connection that first waited for the operator may come to wait for the merchant in the same state.
  const isNew = before?.state !== state || (told === 0 && state === 'action_required')
  return trouble && isNew ? { message: trouble, trouble_told: 1 } : { trouble_told: told }
}

/** Returns the message for a state that is trouble to the merchant. No message is sent about what the operator has to repair, and none when the carrier cannot be reached during that time. */
function troubleOf(state: ToldState['state'], diagnosis: string | null): EventType | undefined {
  if (state === 'degraded') return 'connection.degraded'
  if (state === 'needs_reauth') return 'connection.needs_reauth'
  return state === 'action_required' && diagnosis === 'not_entitled' ? 'connection.needs_reauth' : undefined
}

/** Returns the messages to webhooks about a change of state; there are none where nobody would act on the change. */
export function listStateAnnouncements(before: Connection, after: ToldState): Announcement[] {
  const { message: type } = findTransition(before, after)
  return type ? [{ type, details: { state: after.state, previous_state: before.state } }] : []
}

/** Announces to webhooks a change of state that a check has found, in the transaction that writes the change. */
export async function announceTransition(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { before, after }: { before: Connection; after: ToldState },
): Promise<void> {
  const { carrier_id: carrierId } = before
  for (const telling of listStateAnnouncements(before, after))
    await announce(ctx, tx, actor, { ...telling, carrierId })
}
