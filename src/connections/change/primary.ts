import { changesBetween } from '../../audit/changes.ts'
import type { Carrier } from '../../catalog/define.ts'
import type { Actor, Context } from '../../context.ts'
import { findConnection, findOldest, findPrimary } from '../../store/tables/connections/connections.ts'
import type { Db, Tx } from '../../store/db.ts'
import type { Connection } from '../../store/schema/tables.ts'
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

/** Finds the connection that becomes the primary one when this connection is deleted: the oldest other connection of the carrier; returns `undefined` where the deleted one is not primary, or is the only one. */
export async function findHeir(
  db: Db,
  actor: Actor,
  { carrier, carrier_id: except, is_primary }: Pick<Connection, 'carrier' | 'carrier_id' | 'is_primary'>,
): Promise<string | undefined> {
  if (is_primary !== 1) return undefined
  const oldest = await findOldest(db, actor, { carrier, except })
  return oldest?.carrier_id
}
