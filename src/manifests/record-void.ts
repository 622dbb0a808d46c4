import { recordEvent } from '../audit/record-event.ts'
import type { Actor, Context } from '../context.ts'
import { fail, failAll } from '../errors.ts'
import { writeLabels } from '../store/tables/shipments/labels.ts'
import { requireScope } from '../require-scope.ts'
import { changeLabel } from './change-label.ts'
import { requireLabel, showLabel, type ShownLabel } from './labels.ts'

/** Records that a label was voided at its carrier; a label that is recorded as voided already stays as it is. */
export async function recordVoid(ctx: Context, actor: Actor, labelId: string): Promise<ShownLabel> {
  requireScope(actor, 'write')
  return ctx.store.transaction(actor.tenantId, async (tx) => {
    const before = await requireLabel(tx, actor, labelId)
    const after = changeLabel(before, { status: 'voided' }, ctx.clock().toISOString())
    if ('condition' in after) return failAll([{ ...after, fieldName: 'label_id' }])
    if (after === before) return showLabel(before)
    await writeLabels(tx, [{ before, after }])
    const { carrier_id: carrierId } = after
    await recordEvent(ctx, tx, actor, {
      action: 'label.voided',
      carrierId,
      subject: labelId,
      fields: ['status'],
    })
    return showLabel(after)
  })
}

/** Refuses to void a label at its carrier, and says where to record that somebody did. */
export function refuseVoid(): never {
  return fail(
    'not_done_here',
    'Hawser voids no labels at carriers. Void it where it was bought, and record that with POST /v1/labels/{label_id}/record_void.',
  )
}
