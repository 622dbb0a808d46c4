import type { Actor, Context } from '../../context.ts'
import type { Tx } from '../../store/db.ts'
import type { Connection } from '../../store/schema/tables.ts'
import { announce, type Telling } from '../../webhooks/announce.ts'
import type { EventType } from '../../webhooks/events.ts'

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

/** What webhooks are told of a change of state; nothing where nobody would act on it. */
export function transitionTellings(before: Connection, after: Standing): Telling[] {
  const { message: type } = transitionOf(before, after)
  return type ? [{ type, details: { state: after.state, previous_state: before.state } }] : []
}

/** Tells webhooks of a change of state that a check has found, in the transaction that writes it. */
export async function tellTransition(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  before: Connection,
  after: Standing,
): Promise<void> {
  const { carrier_id: carrierId } = before
  for (const telling of transitionTellings(before, after))
    await announce(ctx, tx, actor, { ...telling, carrierId })
}
