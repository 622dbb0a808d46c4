import { recordEvent } from '../../audit/record-event.ts'
import type { Actor, Context } from '../../context.ts'
import { eraseChangesOf } from '../../store/tables/tenants/audit-changes.ts'
import type { Tx } from '../../store/db.ts'
import { eraseDeleted } from '../../store/tables/connections/deleted.ts'
import { connectionKey } from '../request/require.ts'

/** Erases what is sealed of a deleted connection and what the audit log shows of its changes, and records the event; the name of the connection stays. Returns `false` when nothing was left to erase. */
export async function eraseConnection(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  carrierId: string,
): Promise<boolean> {
  if (!(await eraseDeleted(tx, connectionKey(actor, carrierId), ctx.clock().toISOString()))) return false
  await eraseChangesOf(tx, connectionKey(actor, carrierId))
  await recordEvent(ctx, tx, actor, { action: 'connection.erased', carrierId })
  return true
}
