import type { Carrier } from '../catalog/define.ts'
import { recordEvent } from '../audit/record-event.ts'
import type { Actor, Context } from '../context.ts'
import { buryConnection, findConnection, findOldest } from '../store/connections.ts'
import { dropPrevious } from '../store/previous-credentials.ts'
import { announce } from '../webhooks/announce.ts'
import { markPrimary } from './change-connection.ts'
import { keyOf, refuseUnknown, requireCarrier, requireConnection, requireLtlCarrier } from './require.ts'
import { requireVersion, type IfMatch } from './versions.ts'

type Request = { carrierId: string; ifMatch: IfMatch }

/** Disconnects a parcel carrier; with `carrierName` only if the connection is that carrier's. */
export async function disconnectCarrier(
  ctx: Context,
  actor: Actor,
  request: Request & { carrierName?: string },
): Promise<void> {
  const carrier = request.carrierName === undefined ? undefined : requireCarrier(request.carrierName)
  await requireConnection(ctx, actor, 'parcel', request.carrierId, carrier)
  await removeConnection(ctx, actor, 'parcel', request)
}

/** Disconnects an LTL carrier, under any of its SCACs. */
export async function disconnectLtlCarrier(
  ctx: Context,
  actor: Actor,
  request: Request & { scac: string },
): Promise<void> {
  const carrier = requireLtlCarrier(request.scac, actor.environment)
  await requireConnection(ctx, actor, 'ltl', request.carrierId, carrier)
  await removeConnection(ctx, actor, 'ltl', request)
}

/** The id is never used again. When the primary goes, the oldest other connection of the carrier takes its place. */
function removeConnection(
  ctx: Context,
  actor: Actor,
  mode: Carrier['mode'],
  { carrierId, ifMatch }: Request,
): Promise<void> {
  return ctx.store.transaction(actor.tenantId, async (tx) => {
    const connection = await findConnection(tx, keyOf(actor, carrierId))
    if (!connection || connection.mode !== mode) return refuseUnknown()
    requireVersion(connection, ifMatch)
    await dropPrevious(tx, keyOf(actor, carrierId))
    await announce(ctx, tx, actor, { type: 'connection.disconnected', carrierId })
    await buryConnection(tx, connection, ctx.clock().toISOString())
    await recordEvent(ctx, tx, actor, {
      action: 'connection.disconnected',
      carrierId,
      version: connection.version,
    })
    const heir = connection.is_primary === 1 ? await findOldest(tx, actor, connection.carrier) : undefined
    if (heir) await markPrimary(ctx, tx, actor, heir, 1)
  })
}
