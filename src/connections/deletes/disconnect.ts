import { recordEvent } from '../../audit/record-event.ts'
import type { Actor, Context } from '../../context.ts'
import { findConnection, lockConnection } from '../../store/tables/connections/connections.ts'
import type { Tx } from '../../store/db.ts'
import type { Connection } from '../../store/schema/tables.ts'
import { findBuried } from '../../store/tables/connections/deleted.ts'
import { announce } from '../../webhooks/announce.ts'
import { requireScope } from '../../require-scope.ts'
import { buryConnection } from './delete-connection.ts'
import { judgeDelete, refuseStranding, type Verdict } from './open-shipments.ts'
import { policyOf } from './account-policy.ts'
import { eraseConnection } from './erase-connection.ts'
import type { Notice } from '../request/notices.ts'
import { readNamed, type Named } from '../request/named.ts'
import { carrierOf, keyOf, refuseUnknown, requireCarrierId } from '../request/require.ts'
import { requireVersion, type IfMatch } from '../request/if-match.ts'

/** How a connection is to go: `force` over open shipments, `purge` with nothing left to restore. */
export type DeleteWish = { ifMatch: IfMatch; force: boolean; purge: boolean }

/**
 * Disconnects a carrier: takes a connection out of use, in one transaction with the guard that no shipment is stranded (409).
 * The id is never used again. With `purge`, what is kept of a connection that was deleted before goes too.
 */
export async function disconnectCarrier(
  ctx: Context,
  actor: Actor,
  request: Named & DeleteWish,
): Promise<Notice[]> {
  const { carrierId, ifMatch, force, purge } = request
  requireScope(actor, force ? 'admin' : 'write')
  const { mode, carrier } = readNamed(actor, request)
  requireCarrierId(mode, carrierId)
  const isMeant = (found: Pick<Connection, 'mode' | 'carrier'> | undefined) =>
    found?.mode === mode && (!carrier || found.carrier === carrier.id)
  return ctx.store.transaction(actor.tenantId, async (tx) => {
    const key = keyOf(actor, carrierId)
    await lockConnection(tx, key)
    const connection = await findConnection(tx, key)
    const kept = !connection && purge ? await findBuried(tx, key) : undefined
    if (kept && isMeant(kept)) {
      requireVersion(kept, ifMatch)
      await eraseConnection(ctx, tx, actor, carrierId)
      return []
    }
    if (!connection || !isMeant(connection)) return refuseUnknown()
    requireVersion(connection, ifMatch)
    const verdict = await judgeDelete(tx, actor, connection)
    if (verdict.outcome === 'refused' && !force) refuseStranding(carrierOf(connection), carrierId, verdict)
    await remove(ctx, tx, actor, connection, { force, purge })
    return noticesOf(verdict)
  })
}

async function remove(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  connection: Connection,
  { force, purge }: Pick<DeleteWish, 'force' | 'purge'>,
): Promise<void> {
  const { carrier_id: carrierId, version } = connection
  const { restore_days } = await policyOf(tx, actor)
  await announce(ctx, tx, actor, { type: 'connection.disconnected', carrierId })
  const fields = [...(force ? ['force'] : []), ...(purge ? ['purge'] : [])]
  const event = { action: 'connection.disconnected', carrierId, version, fields } as const
  const seq = await recordEvent(ctx, tx, actor, event)
  await buryConnection(ctx, tx, actor, connection, { restoreDays: purge ? 0 : restore_days, seq })
}

const noticesOf = ({ outcome }: Verdict): Notice[] =>
  outcome === 'allowed' ? [] : [{ code: 'open_shipments' }]
