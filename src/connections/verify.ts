import type { Actor, Context } from '../context.ts'
import { requireScope } from '../require-scope.ts'
import { adviceAbout, adviceOf, type Advice } from './advice.ts'
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
export async function verifyConnection(
  ctx: Context,
  actor: Actor,
  named: Named,
): Promise<Check & { advice: Advice }> {
  requireScope(actor, 'write')
  const { connection, carrier } = await requireNamed(ctx, actor, named)
  const check = await checkConnection(ctx, actor, connection)
  const isAsked = check.proof.asked
  return {
    ...check,
    advice: isAsked ? adviceOf(ctx, actor, check.connection, carrier) : adviceAbout(check.proof),
  }
}
