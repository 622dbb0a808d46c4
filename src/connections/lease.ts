import { recordEvent } from '../audit/record-event.ts'
import type { Carrier } from '../catalog/define.ts'
import type { Values } from '../catalog/forms/validate.ts'
import type { Actor, Context } from '../context.ts'
import { openSealed } from '../custody/open-sealed.ts'
import { fail, failFields } from '../errors.ts'
import { Secret } from '../secret.ts'
import { findConnection } from '../store/tables/connections/connections.ts'
import { insertLease } from '../store/tables/connections/leases.ts'
import type { Connection } from '../store/schema/tables.ts'
import { requireScope } from '../require-scope.ts'
import { requireToken, type AccessToken } from './access-token.ts'
import { diagnose, nextStep } from './carrier/verification-result.ts'
import type { ConnectionValues } from './change/replace-credentials.ts'
import { connectionKey, refuseUnknownConnection } from './request/require.ts'
import { SIGN_IN_STEP, signInOf, WAITS, withoutSignIn } from './sign-in/sign-in-state.ts'
import { missingValues } from './carrier/why-not-asked.ts'
import { valuesToUse } from './form/values.ts'
import { requireNamed, type Named } from './request/named.ts'

/** A lease is good for this many seconds: usually, at least and at most. */
export const LEASE_SECONDS = { usual: 300, least: 30, most: 3_600 }

/** A lease hands out either the credentials or an access token. */
export const LEASED = ['credentials', 'token'] as const

/** A lease is credentials or an access token that the caller may use until `expiresAt`; after that the caller asks again. */
export type Lease = { connection: Connection; carrier: Carrier; expiresAt: string } & (
  { values: Secret<Values> } | { access: AccessToken }
)

type Request = Named & { seconds: number; anyState: boolean; as: (typeof LEASED)[number] }

/**
 * Hands out the credentials in force with the other values that name the account, or the carrier’s access token for them; no other answer of the server contains a secret of a connection.
 * The audit event is written before anything is opened. The refresh token of a sign-in is never handed out, since using it spends it; an access token from a sign-in is handed out.
 * Where the carrier mints no token, the request is refused (400), and the refusal names what is missing. No lease of a token ends later than the token. A connection that the carrier refuses, or that waits for its approval, is refused (409) unless `anyState` is true.
 */
export async function leaseCredentials(ctx: Context, actor: Actor, request: Request): Promise<Lease> {
  requireScope(actor, 'use')
  if (request.anyState) requireScope(actor, 'admin')
  const { carrier } = await requireNamed(ctx, actor, request)
  const { carrierId } = request
  const isToken = request.as === 'token'
  if (isToken && !carrier.verify?.mints && !signInOf(ctx, carrier))
    return refuseTokenless(`${carrier.title} has no access tokens here.`)
  const lastsUntil = () => new Date(ctx.clock().getTime() + request.seconds * 1_000).toISOString()
  const connection = await ctx.store.transaction(actor.tenantId, async (tx) => {
    const found = (await findConnection(tx, connectionKey(actor, carrierId))) ?? refuseUnknownConnection()
    if (!request.anyState) requireUsable(found)
    const fields = isToken ? ['access_token'] : []
    const seq = await recordEvent(ctx, tx, actor, {
      action: 'connection.leased',
      carrierId,
      fields,
      version: found.version,
    })
    const lease = { audit_seq: seq, expires_at: lastsUntil() }
    await insertLease(tx, connectionKey(actor, carrierId), lease, ctx.clock().toISOString())
    return found
  })
  if (isToken) {
    const access =
      (await requireToken(ctx, actor, connection, carrier)) ??
      (await explainTokenless(ctx, actor, connection, carrier))
    const until = lastsUntil()
    const expiresAt = access.expiresAt < until ? access.expiresAt : until
    return { connection: access.connection, carrier, expiresAt, access }
  }
  const opened = await openSealed(ctx, actor, (opener) => opener.contents(connection))
  const { credentials, settings } = opened.reveal() as ConnectionValues
  const values = new Secret(valuesToUse(carrier, withoutSignIn(credentials), settings))
  return { connection, carrier, expiresAt: lastsUntil(), values }
}

/** Refuses (400) an access token, and names what is missing for it: fields by name, or the sign-in of the merchant. */
async function explainTokenless(
  ctx: Context,
  actor: Actor,
  connection: Connection,
  carrier: Carrier,
): Promise<never> {
  const { verify, title } = carrier
  const values = await openSealed(ctx, actor, (opener) => opener.credentials(connection))
  const missing = verify?.mints ? missingValues(verify, values.reveal()) : []
  if (missing.length > 0)
    return refuseTokenless(
      `an access token of ${title} needs ${missing.join(', ')}, which the connection lacks.`,
    )
  return refuseTokenless(
    signInOf(ctx, carrier)
      ? `an access token of ${title} needs the sign-in of the merchant; POST …/sign_in answers where.`
      : `${title} mints none for this connection.`,
  )
}

const refuseTokenless = (why: string): never =>
  failFields([{ kind: 'invalid', field: 'as', message: `as=token cannot be answered: ${why}` }])

function requireUsable({ state, diagnosis, connection_status }: Connection): void {
  if (connection_status === 'pending_approval')
    fail('connection_unusable', `${WAITS.because} ${SIGN_IN_STEP}`)
  if (state === 'needs_reauth')
    fail(
      'connection_unusable',
      [diagnose(diagnosis), nextStep(diagnosis)].filter(Boolean).join(' ') || 'It has to be updated first.',
    )
}
