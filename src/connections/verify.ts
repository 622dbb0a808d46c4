import type { Actor, Context } from '../context.ts'
import { checkConnection, type Check } from './check.ts'
import { requireCarrier, requireConnection, requireLtlCarrier } from './require.ts'

/** Which connection a request means: of a parcel carrier by its name, or of an LTL carrier by a SCAC. */
export type Named = { carrierId: string } & ({ carrierName: string } | { scac: string })

/** The connection that a request means; 404 for any other. */
export async function requireNamed(ctx: Context, actor: Actor, named: Named) {
  if ('scac' in named) {
    const carrier = requireLtlCarrier(named.scac, actor.environment)
    return { carrier, connection: await requireConnection(ctx, actor, 'ltl', named.carrierId, carrier) }
  }
  const carrier = requireCarrier(named.carrierName)
  return { carrier, connection: await requireConnection(ctx, actor, 'parcel', named.carrierId, carrier) }
}

/** Asks the carrier about a connection now, and keeps what it says. */
export async function verifyConnection(ctx: Context, actor: Actor, named: Named): Promise<Check> {
  const { connection } = await requireNamed(ctx, actor, named)
  return checkConnection(ctx, actor, connection)
}
