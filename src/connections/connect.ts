import type { Carrier, LtlCarrier } from '../catalog/define.ts'
import { requireScope } from '../require-scope.ts'
import type { Actor, Body, Context } from '../context.ts'
import { acceptConnect } from './form/accept-credentials.ts'
import { addConnection } from './change/add-connection.ts'
import { requireScac } from './form/ltl-body.ts'
import { requireNamedCarrier, type NamedCarrier } from './request/named.ts'
import { duplicateNotice, unverifiedNotice, supersededNotice } from './request/notices.ts'
import type { DryRun, Outcome } from './request/outcome.ts'
import type { VerifyParameter } from './verification/verify-credentials.ts'
import { requireConnectable, requireLtlCarrier } from './request/require.ts'
import { signInOf } from './sign-in/sign-in-state.ts'

type Connect = { body: Body; verify?: VerifyParameter }

/**
 * Connects a carrier account under a new id, after the carrier has been asked. Refuses (409) a parcel account that is connected already, unless the body allows a duplicate;
 * for an LTL account that is connected already, a notice names the other connection. Where merchants sign in at the carrier, the connection waits for the sign-in, and the carrier is not asked.
 */
export async function connectCarrier(
  ctx: Context,
  actor: Actor,
  request: Connect & NamedCarrier,
): Promise<Outcome | DryRun> {
  requireScope(actor, 'write')
  const carrier = requireNamedCarrier(actor, request)
  return connect(ctx, actor, carrier, { ...request, isNamedInBody: false })
}

/** Connects an LTL account whose SCAC and nickname stand in the body, as the public OpenAPI file describes the request. */
export async function connectCarrierByBody(
  ctx: Context,
  actor: Actor,
  request: Connect,
): Promise<(Outcome | DryRun) & { carrier: LtlCarrier }> {
  requireScope(actor, 'write')
  const scac = requireScac(request.body().reveal())
  const carrier = requireLtlCarrier(scac, actor.environment)
  return { ...(await connect(ctx, actor, carrier, { ...request, scac, isNamedInBody: true })), carrier }
}

async function connect(
  ctx: Context,
  actor: Actor,
  carrier: Carrier,
  { body, verify, scac, isNamedInBody }: Connect & { scac?: string; isNamedInBody: boolean },
): Promise<Outcome | DryRun> {
  requireConnectable(carrier)
  const { acceptedBody, ...accepted } = acceptConnect(ctx, actor, carrier, { body, isNamedInBody })
  const signIn = signInOf(ctx, carrier)
  const { verification, saved } = await addConnection(ctx, actor, {
    carrier,
    acceptedBody,
    verify,
    scac,
    signIn,
  })
  const notices = [...accepted.notices, ...supersededNotice(carrier)]
  if (!saved) return { verification, notices }
  const { carrierId, version, duplicateOf, location } = saved
  const told = [
    ...notices,
    ...unverifiedNotice(verification),
    ...duplicateNotice(duplicateOf),
    ...saved.notices,
  ]
  return { carrierId, version, notices: told, ...(location !== undefined && { location }) }
}
