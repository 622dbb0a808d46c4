import { recordEvent } from '../../audit/record-event.ts'
import type { Actor, Context } from '../../context.ts'
import { findConnection, lockConnection } from '../../store/tables/connections/connections.ts'
import type { Tx } from '../../store/db.ts'
import type { Connection } from '../../store/schema/tables.ts'
import { findDeleted } from '../../store/tables/connections/deleted.ts'
import { announce } from '../../webhooks/announce.ts'
import { requireScope } from '../../require-scope.ts'
import { deleteConnection } from './delete-connection.ts'
import { decideDelete, refuseStranding, type DeleteDecision } from './open-shipments.ts'
import { readAccountPolicy } from './account-policy.ts'
import { eraseConnection } from './erase-connection.ts'
import type { Notice } from '../request/notices.ts'
import { readNamed, type Named } from '../request/named.ts'
import { carrierOf, connectionKey, refuseUnknownConnection, requireCarrierId } from '../request/require.ts'
import { requireVersion, type IfMatch } from '../request/if-match.ts'

/** Describes how a connection is to be deleted: `force` deletes in spite of open shipments, `purge` leaves nothing to restore. */
export type DisconnectRequest = { ifMatch: IfMatch; force: boolean; purge: boolean }

/**
 * Disconnects a carrier: deletes a connection, in one transaction with the check of its open shipments, which may refuse (409).
 * The id is never used again. With `purge`, what is kept of a connection that was deleted before is erased too.
 */
export async function disconnectCarrier(
  ctx: Context,
  actor: Actor,
  request: Named & DisconnectRequest,
): Promise<Notice[]> {
  const { carrierId, ifMatch, force, purge } = request
  requireScope(actor, force ? 'admin' : 'write')
  const { mode, carrier } = readNamed(actor, request)
  requireCarrierId(mode, carrierId)
  const isMeant = (found: Pick<Connection, 'mode' | 'carrier'> | undefined) =>
    found?.mode === mode && (!carrier || found.carrier === carrier.id)
  return ctx.store.transaction(actor.tenantId, async (tx) => {
    const key = connectionKey(actor, carrierId)
    await lockConnection(tx, key)
    const connection = await findConnection(tx, key)
    const kept = !connection && purge ? await findDeleted(tx, key) : undefined
    if (kept && isMeant(kept)) {
      requireVersion(kept, ifMatch)
      await eraseConnection(ctx, tx, actor, carrierId)
      return []
    }
    if (!connection || !isMeant(connection)) return refuseUnknownConnection()
    requireVersion(connection, ifMatch)
    const decision = await decideDelete(tx, actor, connection)
    if (decision.outcome === 'refused' && !force) refuseStranding(carrierOf(connection), carrierId, decision)
    await disconnect(ctx, tx, actor, { connection, force, purge })
    return noticesOf(decision)
  })
}

async function disconnect(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { connection, force, purge }: { connection: Connection } & Pick<DisconnectRequest, 'force' | 'purge'>,
): Promise<void> {
  const { carrier_id: carrierId, version } = connection
  const { restore_days } = await readAccountPolicy(tx, actor)
  await announce(ctx, tx, actor, { type: 'connection.disconnected', carrierId })
  const fields = [...(force ? ['force'] : []), ...(purge ? ['purge'] : [])]
  const event = { action: 'connection.disconnected', carrierId, version, fields } as const
  const seq = await recordEvent(ctx, tx, actor, event)
  await deleteConnection(ctx, tx, actor, { connection, restoreDays: purge ? 0 : restore_days, seq })
}

const noticesOf = ({ outcome }: DeleteDecision): Notice[] =>
  outcome === 'allowed' ? [] : [{ code: 'open_shipments' }]
