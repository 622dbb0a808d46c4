import type { Actor, Body, Context } from '../context.ts'
import { acceptRequest } from './accept-request.ts'
import { addConnection, requireNoDuplicate } from './add-connection.ts'
import { connectForm } from './forms.ts'
import { proofNotice, supersededNotice } from './notices.ts'
import type { DryRun, Outcome } from './outcome.ts'
import { requireProof, type VerifyWish } from './prove.ts'
import { requireCarrier, requireConnectable } from './require.ts'
import { signInOf, WAITS } from './signed-in.ts'
import { provable, withoutCleared } from './values.ts'

/**
 * Connects a carrier account under a new id, once the carrier has been asked; the account must not be connected yet, unless the body allows it.
 * Where merchants sign in at the carrier, the connection waits for that and nothing else is asked.
 */
export async function connectCarrier(
  ctx: Context,
  actor: Actor,
  request: { carrierName: string; body: Body; verify?: VerifyWish },
): Promise<Outcome | DryRun> {
  const carrier = requireCarrier(request.carrierName)
  requireConnectable(carrier)
  const parts = acceptRequest(ctx, actor, {
    carrier,
    form: connectForm(carrier),
    body: request.body().reveal(),
  })
  const values = provable(withoutCleared(parts.credentials.reveal()), withoutCleared(parts.settings.reveal()))
  await requireNoDuplicate(ctx, actor, carrier, parts)
  const signIn = signInOf(ctx, carrier)
  const proof = signIn ? WAITS : await requireProof(ctx, actor, { carrier, values, wish: request.verify })
  const notices = [...parts.notices, ...supersededNotice(carrier)]
  if (request.verify === 'only') return { proof, notices }
  const { carrierId, location, ...added } = await addConnection(ctx, actor, carrier, parts, proof, { signIn })
  const told = [...notices, ...proofNotice(proof), ...added.notices]
  return { carrierId, version: 1, notices: told, ...(location !== undefined && { location }) }
}
