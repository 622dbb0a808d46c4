import { changesBetween } from '../../audit/changes.ts'
import type { Carrier } from '../../catalog/define.ts'
import type { Actor, Context } from '../../context.ts'
import { findConnection, findPrimary } from '../../store/tables/connections/connections.ts'
import type { Tx } from '../../store/db.ts'
import { keyOf, refuseUnknown } from '../request/require.ts'
import { saveConnection } from './save-connection.ts'

/** Takes the primary mark from the connection of the carrier that has it, if one has. */
export async function demotePrimary(ctx: Context, tx: Tx, actor: Actor, carrier: Carrier): Promise<void> {
  const primary = await findPrimary(tx, actor, carrier.id)
  if (primary) await markPrimary(ctx, tx, actor, { carrierId: primary.carrier_id, isPrimary: false })
}

/** Gives the primary mark to a connection or takes it, as an event of that connection's own. */
export async function markPrimary(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { carrierId, isPrimary }: { carrierId: string; isPrimary: boolean },
): Promise<void> {
  const before = (await findConnection(tx, keyOf(actor, carrierId))) ?? refuseUnknown()
  await saveConnection(ctx, tx, actor, {
    before,
    after: { isPrimary },
    event: {
      action: 'connection.updated',
      fields: ['is_primary_account'],
      changes: changesBetween({ is_primary_account: !isPrimary }, { is_primary_account: isPrimary }),
    },
  })
}
