import { changesBetween } from '../../audit/changes.ts'
import type { Carrier } from '../../catalog/define.ts'
import type { Actor, Context } from '../../context.ts'
import { findConnection, findPrimary } from '../../store/tables/connections/connections.ts'
import type { Tx } from '../../store/db.ts'
import { connectionKey, refuseUnknownConnection } from '../request/require.ts'
import { saveConnection } from './save-connection.ts'

/** Takes the primary mark from the connection of the carrier that has it, if there is one. */
export async function demotePrimary(ctx: Context, tx: Tx, actor: Actor, carrier: Carrier): Promise<void> {
  const primary = await findPrimary(tx, actor, carrier.id)
  if (primary) await markPrimary(ctx, tx, actor, { carrierId: primary.carrier_id, isPrimary: false })
}

/** Gives the primary mark to a connection or takes it away, and records that as an event of this connection. */
export async function markPrimary(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { carrierId, isPrimary }: { carrierId: string; isPrimary: boolean },
): Promise<void> {
  const before = (await findConnection(tx, connectionKey(actor, carrierId))) ?? refuseUnknownConnection()
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
