import type { Actor, Body, Context } from '../context.ts'
import { requireScope } from '../require-scope.ts'
import { acceptRequest } from './accept-request.ts'
import { changeCredentials } from './change-connection.ts'
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
  requireScope(actor, 'write')
  const { carrierId, ifMatch } = request
  const carrier = requireCarrier(request.carrierName)
  await requireConnection(ctx, actor, 'parcel', carrierId, carrier)
  const form = updateForm(carrier)
  const { notices, ...parts } = acceptRequest(ctx, actor, { carrier, form, body: request.body().reveal() })
  const { proof, saved } = await changeCredentials(ctx, actor, {
    ...{ carrier, carrierId, ifMatch, form: form.fields, parts },
    change: { kind: 'credentials', how: 'merge', verify: request.verify },
  })
  if (!saved) return { proof, notices }
  const { version, signInLost, location } = saved
  const told = [...notices, ...proofNotice(proof), ...signInLostNotice(signInLost)]
  return { carrierId, version, notices: told, ...(location !== undefined && { location }) }
}
