import type { Actor, Body, Context } from '../context.ts'
import { requireScope } from '../require-scope.ts'
import { acceptRequest } from './accept-request.ts'
import { addConnection } from './add-connection.ts'
import { connectForm } from './forms.ts'
import { proofNotice, supersededNotice } from './notices.ts'
import type { DryRun, Outcome } from './outcome.ts'
import type { VerifyWish } from './prove.ts'
import { requireCarrier, requireConnectable } from './require.ts'
import { signInOf } from './signed-in.ts'

/**
 * Connects a carrier account under a new id, once the carrier has been asked; the account must not be connected yet, unless the body allows it.
 * Where merchants sign in at the carrier, the connection waits for that and nothing else is asked.
 */
export async function connectCarrier(
  ctx: Context,
  actor: Actor,
  request: { carrierName: string; body: Body; verify?: VerifyWish },
): Promise<Outcome | DryRun> {
  requireScope(actor, 'write')
  const carrier = requireCarrier(request.carrierName)
  requireConnectable(carrier)
  const parts = acceptRequest(ctx, actor, {
    carrier,
    form: connectForm(carrier),
    body: request.body().reveal(),
  })
  const signIn = signInOf(ctx, carrier)
  const { proof, saved } = await addConnection(ctx, actor, { carrier, parts, verify: request.verify, signIn })
  const notices = [...parts.notices, ...supersededNotice(carrier)]
  if (!saved) return { proof, notices }
  const { carrierId, version, location } = saved
  const told = [...notices, ...proofNotice(proof), ...saved.notices]
  return { carrierId, version, notices: told, ...(location !== undefined && { location }) }
}
