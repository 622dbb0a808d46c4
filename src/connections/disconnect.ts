import type { Carrier } from '../catalog/define.ts'
import { recordEvent } from '../audit/record-event.ts'
import type { Actor, Context } from '../context.ts'
import { findConnection } from '../store/connections.ts'
import { findDeletePolicy } from '../store/delete-policies.ts'
import { announce } from '../webhooks/announce.ts'
import { buryConnection } from './bury.ts'
import { USUAL_POLICY } from './delete-policy.ts'
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
    const { restore_days } = (await findDeletePolicy(tx, actor)) ?? USUAL_POLICY
    await announce(ctx, tx, actor, { type: 'connection.disconnected', carrierId })
    await recordEvent(ctx, tx, actor, {
      action: 'connection.disconnected',
      carrierId,
      version: connection.version,
    })
    await buryConnection(ctx, tx, actor, connection, restore_days)
  })
}
