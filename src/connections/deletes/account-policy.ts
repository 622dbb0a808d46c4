import { changesBetween } from '../../audit/changes.ts'
import { recordEvent } from '../../audit/record-event.ts'
import type { Actor, Body, Context } from '../../context.ts'
import type { Db } from '../../store/db.ts'
import { findDeletePolicy, writeDeletePolicy } from '../../store/tables/connections/delete-policies.ts'
import { requireScope } from '../../require-scope.ts'
import { acceptPolicy, USUAL_POLICY, type AccountPolicy } from './policy-form.ts'

/** Returns the delete policy of the actor’s environment: what the tenant has decided, or what is usual. */
export async function readAccountPolicy(db: Db, actor: Actor): Promise<AccountPolicy> {
  const { open_shipments, restore_days } = (await findDeletePolicy(db, actor)) ?? USUAL_POLICY
  return { open_shipments, restore_days }
}

/** Returns the delete policy of the actor’s environment to an actor who may read. */
export async function getDeletePolicy({ store }: Context, actor: Actor): Promise<AccountPolicy> {
  requireScope(actor, 'read')
  return store.read(actor.tenantId, (db) => readAccountPolicy(db, actor))
}

/** Changes what later deletes do; connections that are deleted already keep their time. A body that changes nothing writes nothing. */
export async function setDeletePolicy(ctx: Context, actor: Actor, body: Body): Promise<AccountPolicy> {
  requireScope(actor, 'admin')
  const change = acceptPolicy(body().reveal())
  return ctx.store.transaction(actor.tenantId, async (tx) => {
    const before = await readAccountPolicy(tx, actor)
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
