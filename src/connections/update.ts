import { requireScope } from '../require-scope.ts'
import type { Actor, Body, Context } from '../context.ts'
import { acceptUpdate } from './form/accept-credentials.ts'
import { changeCredentials } from './change/change-connection.ts'
import { requireNamed, type Named } from './request/named.ts'
import { duplicateNotice, unverifiedNotice, signInLostNotice } from './request/notices.ts'
import type { DryRun, Outcome } from './request/outcome.ts'
import type { VerifyParameter } from './verification/verify-credentials.ts'
import type { IfMatch } from './request/if-match.ts'

/**
 * Replaces the credentials of a connection under its permanent id; a refusal leaves the credentials in force as they were.
 * The body of an LTL carrier replaces the whole documented set: a field that Hawser adds to the carrier’s public form keeps its value while the account stays the same, unless the body names the field.
 */
export async function updateConnection(
  ctx: Context,
  actor: Actor,
  request: Named & { ifMatch: IfMatch; body: Body; verify?: VerifyParameter },
): Promise<Outcome | DryRun> {
  requireScope(actor, 'write')
  const { carrierId, ifMatch, verify } = request
  const { carrier } = await requireNamed(ctx, actor, request)
  const { acceptedBody, form, how, notices } = acceptUpdate(ctx, actor, carrier, request.body)
  const { verification, saved } = await changeCredentials(ctx, actor, {
    carrier,
    carrierId,
    ifMatch,
    form,
    acceptedBody,
    change: { kind: 'credentials', how, verify },
  })
  if (!saved) return { verification, notices }
  const { version, duplicateOf, location } = saved
  const told = [
    ...notices,
    ...unverifiedNotice(verification),
    ...duplicateNotice(duplicateOf),
    ...signInLostNotice(saved),
  ]
  return { carrierId, version, notices: told, ...(location !== undefined && { location }) }
}
