import { recordEvent } from '../../audit/record-event.ts'
import type { Actor, Context } from '../../context.ts'
import { eraseChangesOf } from '../../store/tables/tenants/audit-changes.ts'
import type { Tx } from '../../store/db.ts'
import { eraseBuried } from '../../store/tables/connections/deleted.ts'
import { keyOf } from '../request/require.ts'

/** Erases what is sealed of a deleted connection, what the audit log shows of it too, with its event; its name stays. `false` when nothing was left to erase. */
export async function eraseConnection(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  carrierId: string,
): Promise<boolean> {
  if (!(await eraseBuried(tx, keyOf(actor, carrierId), ctx.clock().toISOString()))) return false
  await eraseChangesOf(tx, keyOf(actor, carrierId))
  await recordEvent(ctx, tx, actor, { action: 'connection.erased', carrierId })
  return true
}
