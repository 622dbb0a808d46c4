import { setTimeout as pause } from 'node:timers/promises'
import { REFRESH_TOKEN } from '../catalog/sign-in.ts'
import type { Values } from '../catalog/validate.ts'
import type { Finding, Minted } from '../catalog/verification.ts'
import type { Actor, Context } from '../context.ts'
import { openCredentials, sealCredentials } from '../custody/sealed-values.ts'
import { openToken } from '../custody/sealed-token.ts'
import { Secret } from '../secret.ts'
import { findToken } from '../store/carrier-tokens.ts'
import { findConnection, rotateCredentials } from '../store/connections.ts'
import type { Tx } from '../store/db.ts'
import type { CarrierToken, Connection } from '../store/schema.ts'
import { LEFT_TO_ASK_MS, askOnce, endOfProof, lineTo, materialOf } from './ask-carrier.ts'
import { join } from './flights.ts'
import { carrierOf, keyOf, refuseUnknown } from './require.ts'
import { refreshTokenOf } from './signed-in.ts'
import { abandonToken, claimToken, settleRefreshed } from './token-claim.ts'

/** The credentials version that a refresh token was spent from, and the one that holds what came in its place. */
export type Rotation = { from: number; to: number }

/** An access token that may be used, or why there is none. */
export type Refreshed = { minted: Minted; rotated: Rotation } | { finding: Finding }

const LOOK_MS = 50

/**
 * Mints an access token from the merchant’s own sign-in. What the carrier gives in place of the refresh token is committed
 * before the access token is handed to anybody. One caller at a time spends the refresh token, whatever process it is in; the others get what that came to, and so does who has `seen` what was before.
 */
export function refreshSignIn(
  ctx: Context,
  actor: Actor,
  carrierId: string,
  until = endOfProof(),
  seen?: Known,
): Promise<Refreshed> {
  const place = `${actor.tenantId}/${actor.environment}/${carrierId}`
  return join(ctx, `refresh ${place}`, () => refreshInTurn(ctx, actor, carrierId, until, seen))
}

async function refreshInTurn(
  ctx: Context,
  actor: Actor,
  carrierId: string,
  until: number,
  seen: Known | undefined,
): Promise<Refreshed> {
  const start = seen ?? (await lookAtSignIn(ctx, actor, carrierId))
  for (let known = start; ; known = await lookAtSignIn(ctx, actor, carrierId)) {
    const { connection, row } = known
    const isClaimed = (row?.claimed_until ?? '') > known.now
    if (!isClaimed && row && row.fence !== start.row?.fence) return sharedOf(ctx, connection, row, known.now)
    const fence = isClaimed ? undefined : await claimToken(ctx, actor, connection, 'anyway')
    if (fence !== undefined) return refreshClaimed(ctx, actor, connection, fence, until)
    if (performance.now() > until - LEFT_TO_ASK_MS) return { finding: ASKED_BY_OTHERS }
    await pause(LOOK_MS)
  }
}

/** What is known of a sign-in’s access token at a time. */
export type Known = { connection: Connection; row: CarrierToken | undefined; now: string }

/** What is known of it now: who waits between this and the refresh gets what others came to meanwhile. */
export async function lookAtSignIn(ctx: Context, actor: Actor, carrierId: string): Promise<Known> {
  const key = keyOf(actor, carrierId)
  return ctx.store.read(actor.tenantId, async (db) => {
    const row = await findToken(db, key)
    const connection = (await findConnection(db, key)) ?? refuseUnknown()
    return { connection, row, now: ctx.clock().toISOString() }
  })
}

/** What another process has just come to. */
function sharedOf(ctx: Context, connection: Connection, row: CarrierToken, now: string): Refreshed {
  const version = connection.credentials_version
  if (row.credentials_version !== version || !row.expires_at || (row.good_until ?? '') <= now)
    return { finding: ASKED_BY_OTHERS }
  const seconds = Math.floor((Date.parse(row.expires_at) - Date.parse(now)) / 1_000)
  const token = openToken(ctx, connection, row)
  return { minted: { token, seconds }, rotated: { from: version, to: version } }
}

async function refreshClaimed(
  ctx: Context,
  actor: Actor,
  connection: Connection,
  fence: number,
  until: number,
): Promise<Refreshed> {
  try {
    const refreshed = await ask(ctx, actor, connection, fence, until)
    if ('finding' in refreshed) await abandonToken(ctx, actor, connection, fence, refreshed.finding)
    return refreshed
  } catch (error) {
    await abandonToken(ctx, actor, connection, fence)
    throw error
  }
}

async function ask(
  ctx: Context,
  actor: Actor,
  connection: Connection,
  fence: number,
  until: number,
): Promise<Refreshed> {
  const carrier = carrierOf(connection)
  const at = ctx.clock()
  const values = openCredentials(ctx, connection).reveal()
  const spent = refreshTokenOf(values)
  const signIn = carrier.mode === 'parcel' ? carrier.signIn : undefined
  if (!signIn || spent === undefined) return { finding: NOT_SIGNED_IN }
  const line = lineTo(ctx, actor, carrier, signIn, values, until)
  if (!line) return { finding: NO_APP }
  const answer = await askOnce(signIn.refresh, materialOf(ctx, values, line.operator), line.ask)
  if ('finding' in answer) return answer
  const { minted, refreshToken = new Secret(spent) } = answer.reading
  if (!minted) return { finding: NOT_MINTED }
  const rotated = await ctx.store.transaction(actor.tenantId, async (tx) => {
    const now = await findConnection(tx, keyOf(actor, connection.carrier_id))
    const rotation = now && (await rotate(ctx, tx, now, spent, refreshToken))
    if (rotation) await settleRefreshed(ctx, tx, now, fence, rotation.to, { minted, at })
    return rotation
  })
  return rotated ? { minted, rotated } : { finding: SUPERSEDED }
}

/** Keeps the new token beside whatever else is in force by now, as long as that still holds the one that was spent. */
async function rotate(
  ctx: Context,
  tx: Tx,
  connection: Connection,
  spent: string,
  next: Secret<string>,
): Promise<Rotation | undefined> {
  const { tenant_id: tenantId, environment, carrier_id: carrierId, credentials_version: from } = connection
  const values = openCredentials(ctx, connection).reveal() as Values
  if (refreshTokenOf(values) !== spent) return undefined
  if (next.reveal() === spent) return { from, to: from }
  const to = from + 1
  const credentials = sealCredentials(
    ctx,
    connection,
    to,
    new Secret({ ...values, [REFRESH_TOKEN]: next.reveal() }),
  )
  const key = { tenantId, environment, carrierId }
  const isFirst = await rotateCredentials(tx, key, from, { credentials, credentials_version: to })
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
const ASKED_BY_OTHERS: Finding = {
  outcome: 'inconclusive',
  because: 'The carrier is being asked for another, and has given no access token yet.',
}
