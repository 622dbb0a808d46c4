import type { Actor, Body, Context } from '../context.ts'
import { acceptRequest } from './accept-request.ts'
import { applyChange, rehearseChange } from './change-connection.ts'
import type { DryRun, Outcome } from './outcome.ts'
import { updateForm } from './forms.ts'
import { proofNotice, signInLostNotice } from './notices.ts'
import type { VerifyWish } from './prove.ts'
import { requireCarrier, requireConnection } from './require.ts'
import type { IfMatch } from './versions.ts'

type Request = { carrierName: string; carrierId: string; ifMatch: IfMatch; body: Body; verify?: VerifyWish }

/** Replaces the credentials of a connection under its permanent id; a refusal leaves the old ones in force, untouched. */
export async function updateConnection(
  ctx: Context,
  actor: Actor,
  request: Request,
): Promise<Outcome | DryRun> {
  const { carrierId, ifMatch } = request
  const carrier = requireCarrier(request.carrierName)
  await requireConnection(ctx, actor, 'parcel', carrierId, carrier)
  const form = updateForm(carrier)
  const { notices, ...parts } = acceptRequest(ctx, actor, { carrier, form, body: request.body().reveal() })
  const change = {
    carrier,
    carrierId,
    ifMatch,
    form: form.fields,
    parts,
    how: 'merge',
    action: 'connection.updated',
    verify: request.verify,
  } as const
  if (request.verify === 'only') return { proof: await rehearseChange(ctx, actor, change), notices }
  const { version, proof, signInLost, location } = await applyChange(ctx, actor, change)
  const told = [...notices, ...proofNotice(proof), ...signInLostNotice(signInLost)]
  return { carrierId, version, notices: told, ...(location !== undefined && { location }) }
}
