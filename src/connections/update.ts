import { requireScope } from '../require-scope.ts'
import type { Actor, Body, Context } from '../context.ts'
import { acceptUpdate } from './form/accept-credentials.ts'
import { changeCredentials } from './change/change-connection.ts'
import { requireNamed, type Named } from './request/named.ts'
import { duplicateNotice, proofNotice, signInLostNotice } from './request/notices.ts'
import type { DryRun, Outcome } from './request/outcome.ts'
import type { VerifyWish } from './verification/verify-credentials.ts'
import type { IfMatch } from './request/if-match.ts'

/**
 * Replaces the credentials of a connection under its permanent id; a refusal leaves those in force untouched.
 * The body of an LTL carrier replaces its whole documented set: what Hawser adds to the carrier’s public form stays while the account does, unless the body names it.
 */
export async function updateConnection(
  ctx: Context,
  actor: Actor,
  request: Named & { ifMatch: IfMatch; body: Body; verify?: VerifyWish },
): Promise<Outcome | DryRun> {
  requireScope(actor, 'write')
  const { carrierId, ifMatch, verify } = request
  const { carrier } = await requireNamed(ctx, actor, request)
  const { parts, form, how, notices } = acceptUpdate(ctx, actor, carrier, request.body)
  const { proof, saved } = await changeCredentials(ctx, actor, {
    ...{ carrier, carrierId, ifMatch, form, parts },
    change: { kind: 'credentials', how, verify },
  })
  if (!saved) return { proof, notices }
  const { version, duplicateOf, signInLost, location } = saved
  const told = [
    ...notices,
    ...proofNotice(proof),
    ...duplicateNotice(duplicateOf),
    ...signInLostNotice(signInLost),
  ]
  return { carrierId, version, notices: told, ...(location !== undefined && { location }) }
}
