import { recordEvent } from '../audit/record-event.ts'
import type { Actor, Context } from '../context.ts'
import { findDeletePolicy, writeDeletePolicy } from '../store/delete-policies.ts'
import type { DeletePolicy } from '../store/schema.ts'

/** What a delete does where a tenant has said nothing: it goes through, says what stands open, and can be undone for a week. */
export const USUAL_POLICY: Policy = { open_shipments: 'warn', restore_days: 7 }

/** The longest that a deleted connection can be kept, in days. */
export const MOST_RESTORE_DAYS = 365

/** What a tenant has decided about deletes in one environment. */
export type Policy = Pick<DeletePolicy, 'open_shipments' | 'restore_days'>

/** What deletes do in the actor's environment. */
export async function getDeletePolicy({ store }: Context, actor: Actor): Promise<Policy> {
  const { open_shipments, restore_days } =
    (await store.read(actor.tenantId, (db) => findDeletePolicy(db, actor))) ?? USUAL_POLICY
  return { open_shipments, restore_days }
}

/** Changes what deletes do from now on; what is deleted already keeps its time. */
export async function setDeletePolicy(ctx: Context, actor: Actor, change: Partial<Policy>): Promise<Policy> {
  return ctx.store.transaction(actor.tenantId, async (tx) => {
    const { open_shipments, restore_days } = (await findDeletePolicy(tx, actor)) ?? USUAL_POLICY
    const next = { open_shipments, restore_days, ...change }
    const fields = (['open_shipments', 'restore_days'] as const).filter((name) => name in change)
    await writeDeletePolicy(tx, actor, { ...next, updated_at: ctx.clock().toISOString() })
    await recordEvent(ctx, tx, actor, { action: 'delete_policy.updated', fields })
    return next
  })
}
