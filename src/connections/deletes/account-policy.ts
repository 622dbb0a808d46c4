import { changesBetween } from '../../audit/changes.ts'
import { recordEvent } from '../../audit/record-event.ts'
import type { Actor, Body, Context } from '../../context.ts'
import type { Db } from '../../store/db.ts'
import { findDeletePolicy, writeDeletePolicy } from '../../store/tables/connections/delete-policies.ts'
import { requireScope } from '../../require-scope.ts'
import { acceptPolicy, USUAL_POLICY, type Policy } from './policy-form.ts'

/** What deletes do in the actor's environment: what the tenant has decided, or what is usual. */
export async function policyOf(db: Db, actor: Actor): Promise<Policy> {
  const { open_shipments, restore_days } = (await findDeletePolicy(db, actor)) ?? USUAL_POLICY
  return { open_shipments, restore_days }
}

/** See `policyOf`. */
export async function getDeletePolicy({ store }: Context, actor: Actor): Promise<Policy> {
  requireScope(actor, 'read')
  return store.read(actor.tenantId, (db) => policyOf(db, actor))
}

/** Changes what deletes do from now on; what is deleted already keeps its time. What changes nothing writes nothing. */
export async function setDeletePolicy(ctx: Context, actor: Actor, body: Body): Promise<Policy> {
  requireScope(actor, 'admin')
  const change = acceptPolicy(body().reveal())
  return ctx.store.transaction(actor.tenantId, async (tx) => {
    const before = await policyOf(tx, actor)
    const next = { ...before, ...change }
    const fields = (['open_shipments', 'restore_days'] as const).filter((name) => next[name] !== before[name])
    if (fields.length === 0) return next
    await writeDeletePolicy(tx, actor, { ...next, updated_at: ctx.clock().toISOString() })
    await recordEvent(ctx, tx, actor, {
      action: 'delete_policy.updated',
      fields,
      changes: changesBetween(before, next),
    })
    return next
  })
}
