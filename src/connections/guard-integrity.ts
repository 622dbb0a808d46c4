import { recordEvent } from '../audit/record-event.ts'
import type { Actor, Context } from '../context.ts'
import { ApiError } from '../errors.ts'

/** Runs what opens an envelope of a connection; one that does not open where it stands is put on record before the refusal goes out. */
export async function guardIntegrity<T>(
  ctx: Context,
  actor: Actor,
  carrierId: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ApiError && error.problems[0].condition === 'credentials_unreadable')
      await ctx.store.transaction(actor.tenantId, (tx) =>
        recordEvent(ctx, tx, actor, { action: 'integrity.violation', carrierId, outcome: 'refused' }),
      )
    throw error
  }
}
