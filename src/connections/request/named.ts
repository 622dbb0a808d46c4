import type { Carrier } from '../../catalog/define.ts'
import type { Actor, Context } from '../../context.ts'
import type { Connection } from '../../store/schema/tables.ts'
import { carrierOf, requireCarrier, requireConnection, requireLtlCarrier } from './require.ts'

/** Names a carrier as a path does: a parcel carrier by its `carrier_name`, an LTL carrier by one of its SCACs. */
export type NamedCarrier = { carrierName: string } | { scac: string }

/** Names a connection by its carrier and id. */
export type NamedConnection = NamedCarrier & { carrierId: string }

/** Names the connection that a request means: by its carrier and id, or by its mode and id where the path names no carrier. */
export type Named = NamedConnection | { mode: Carrier['mode']; carrierId: string }

/** Returns the carrier of this name; refuses a name that no carrier has (404), and a SCAC that none has in the actor’s environment (400). */
export const requireNamedCarrier = (actor: Actor, named: NamedCarrier): Carrier =>
  'scac' in named ? requireLtlCarrier(named.scac, actor.environment) : requireCarrier(named.carrierName)

/** Returns the mode that a request names, and the carrier where the request names one; refuses an unknown name (404) and an unknown SCAC (400). */
export function readNamed(actor: Actor, named: Named): { mode: Carrier['mode']; carrier?: Carrier } {
  if ('mode' in named) return { mode: named.mode }
  const carrier = requireNamedCarrier(actor, named)
  return { mode: carrier.mode, carrier }
}

/** Returns the connection that a request means, with its carrier; refuses an absent one with 404. */
export async function requireNamed(
  ctx: Context,
  actor: Actor,
  named: Named,
): Promise<{ carrier: Carrier; connection: Connection }> {
  const { mode, carrier } = readNamed(actor, named)
  const connection = await requireConnection(ctx, actor, { mode, carrierId: named.carrierId, carrier })
  return { carrier: carrier ?? carrierOf(connection), connection }
}
