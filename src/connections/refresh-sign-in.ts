import { REFRESH_TOKEN } from '../catalog/sign-in.ts'
import type { Values } from '../catalog/validate.ts'
import type { Finding, Minted } from '../catalog/verification.ts'
import type { Actor, Context } from '../context.ts'
import { openCredentials, sealCredentials } from '../custody/sealed-values.ts'
import { Secret } from '../secret.ts'
import { findConnection, rotateCredentials } from '../store/connections.ts'
import type { Tx } from '../store/db.ts'
import { askOnce, lineTo, materialOf } from './ask-carrier.ts'
import { carrierOf, keyOf, refuseUnknown } from './require.ts'
import { refreshTokenOf } from './signed-in.ts'

/** The credentials version that a refresh token was spent from, and the one that holds what came in its place. */
export type Rotation = { from: number; to: number }

/** An access token that may be used, or why there is none. */
export type Refreshed = { minted: Minted; rotated: Rotation } | { finding: Finding }

const underWay = new WeakMap<Context, Map<string, Promise<Refreshed>>>()

/**
 * Mints an access token from the merchant’s own sign-in. What the carrier gives in place of the refresh token is committed
 * before the access token is handed to anybody; where another came first, neither is used. In one process a connection is refreshed once at a time.
 */
export function refreshSignIn(ctx: Context, actor: Actor, carrierId: string): Promise<Refreshed> {
  const running = underWay.get(ctx) ?? new Map<string, Promise<Refreshed>>()
  underWay.set(ctx, running)
  const name = `${actor.tenantId}/${actor.environment}/${carrierId}`
  const known = running.get(name)
  if (known) return known
  const refresh = refreshOnce(ctx, actor, carrierId).finally(() => running.delete(name))
  running.set(name, refresh)
  return refresh
}

async function refreshOnce(ctx: Context, actor: Actor, carrierId: string): Promise<Refreshed> {
  const key = keyOf(actor, carrierId)
  const connection =
    (await ctx.store.read(actor.tenantId, (db) => findConnection(db, key))) ?? refuseUnknown()
  const carrier = carrierOf(connection)
  const values = openCredentials(ctx, connection).reveal()
  const spent = refreshTokenOf(values)
  const signIn = carrier.mode === 'parcel' ? carrier.signIn : undefined
  if (!signIn || spent === undefined) return { finding: NOT_SIGNED_IN }
  const line = lineTo(ctx, actor, carrier, signIn, values)
  if (!line) return { finding: NO_APP }
  const answer = await askOnce(signIn.refresh, materialOf(ctx, values, line.operator), line.ask)
  if ('finding' in answer) return answer
  const { minted, refreshToken = spent } = answer.reading
  if (!minted) return { finding: NOT_MINTED }
  const version = connection.credentials_version
  if (refreshToken === spent) return { minted, rotated: { from: version, to: version } }
  const rotated = await ctx.store.transaction(actor.tenantId, (tx) =>
    rotate(ctx, tx, actor, carrierId, spent, new Secret(refreshToken)),
  )
  return rotated ? { minted, rotated } : { finding: SUPERSEDED }
}

/** Keeps the new token beside whatever else is in force by now, as long as that still holds the one that was spent. */
async function rotate(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  carrierId: string,
  spent: string,
  next: Secret<string>,
): Promise<Rotation | undefined> {
  const key = keyOf(actor, carrierId)
  const connection = await findConnection(tx, key)
  const values = connection && (openCredentials(ctx, connection).reveal() as Values)
  if (!connection || !values || refreshTokenOf(values) !== spent) return undefined
  const from = connection.credentials_version
  const to = from + 1
  const sealed = sealCredentials(
    ctx,
    connection,
    to,
    new Secret({ ...values, [REFRESH_TOKEN]: next.reveal() }),
  )
  const isFirst = await rotateCredentials(tx, key, from, { credentials: sealed, credentials_version: to })
  return isFirst ? { from, to } : undefined
}

const NOT_SIGNED_IN: Finding = {
  outcome: 'inconclusive',
  because: 'Nobody has signed in at the carrier for this connection.',
}
const NO_APP: Finding = {
  outcome: 'platform_misconfigured',
  because: 'The operator of this server has no registration with the carrier any more.',
}
const NOT_MINTED: Finding = { outcome: 'inconclusive', because: 'The carrier gave no access token.' }
const SUPERSEDED: Finding = {
  outcome: 'inconclusive',
  because: 'The connection was signed in again while the carrier was asked.',
}
