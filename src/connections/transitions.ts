import type { Actor, Context } from '../context.ts'
import type { Tx } from '../store/db.ts'
import type { Connection } from '../store/schema.ts'
import { announce } from '../webhooks/announce.ts'
import type { EventType } from '../webhooks/events.ts'

type Standing = Pick<Connection, 'state' | 'diagnosis' | 'trouble_told'>

/**
 * The message for a change of state, one for each that somebody would act on, and whether trouble has then been told that is not over.
 * Who was told of trouble is told once that the connection works again, however it got there; who was not is told neither.
 */
export function transitionOf(
  before: Pick<Standing, 'state' | 'trouble_told'> | undefined,
  { state, diagnosis }: Pick<Standing, 'state' | 'diagnosis'>,
): { message?: EventType } & Pick<Standing, 'trouble_told'> {
  const told = before?.trouble_told ?? 0
  if (state === 'verified') return { trouble_told: 0, ...(told === 1 && { message: 'connection.recovered' }) }
  const trouble = before && troubleOf(state, diagnosis)
  // What first waited for the operator may come to wait for the merchant.
  const isNew = before?.state !== state || (told === 0 && state === 'action_required')
  return trouble && isNew ? { message: trouble, trouble_told: 1 } : { trouble_told: told }
}

/** What the operator has to mend no merchant is told, and an outage on top of it is no news. */
function troubleOf(state: Standing['state'], diagnosis: string | null): EventType | undefined {
  if (state === 'degraded') return 'connection.degraded'
  if (state === 'needs_reauth') return 'connection.needs_reauth'
  return state === 'action_required' && diagnosis === 'not_entitled' ? 'connection.needs_reauth' : undefined
}

/** Tells webhooks of a change of state, in the transaction that writes it; whoever writes a state calls this. */
export async function tellTransition(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  before: Connection,
  after: Standing,
): Promise<void> {
  const { message: type } = transitionOf(before, after)
  const { carrier_id: carrierId, state: previous_state } = before
  if (type)
    await announce(ctx, tx, actor, { type, carrierId, details: { state: after.state, previous_state } })
}
