import type { Actor, Context } from '../context.ts'
import { fail } from '../errors.ts'
import { findConnection } from '../store/tables/connections/connections.ts'
import { insertSignIn } from '../store/tables/connections/sign-ins.ts'
import { requireScope } from '../require-scope.ts'
import { prepareSignIn } from './sign-in/prepare-sign-in.ts'
import type { Outcome } from './request/outcome.ts'
import {
  connectionKey,
  refuseUnknownConnection,
  requireCarrier,
  requireConnection,
} from './request/require.ts'
import { signInOf } from './sign-in/sign-in-state.ts'

/** Begins a sign-in for a connection, whatever its state; the credentials in force stay until the merchant comes back. */
export async function beginSignIn(
  ctx: Context,
  actor: Actor,
  { carrierName, carrierId }: { carrierName: string; carrierId: string },
): Promise<Outcome> {
  requireScope(actor, 'write')
  const carrier = requireCarrier(carrierName)
  await requireConnection(ctx, actor, { mode: 'parcel', carrierId, carrier })
  const signIn = signInOf(ctx, carrier)
  if (!signIn)
    return fail('sign_in_unsupported', `Nobody signs in at ${carrier.title} through this server.`, {
      carrierCode: carrier.name,
    })
  const { location, row } = prepareSignIn(ctx, actor, { carrier, signIn, carrierId })
  const version = await ctx.store.transaction(actor.tenantId, async (tx) => {
    const connection =
      (await findConnection(tx, connectionKey(actor, carrierId))) ?? refuseUnknownConnection()
    await insertSignIn(tx, row)
    return connection.version
  })
  return { carrierId, version, notices: [], location }
}
