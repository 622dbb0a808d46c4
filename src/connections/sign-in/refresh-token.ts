import { setTimeout as pause } from 'node:timers/promises'
import { REFRESH_TOKEN } from '../../catalog/sign-in.ts'
import type { Values } from '../../catalog/forms/validate.ts'
import type { Finding, Minted } from '../../catalog/verification.ts'
import type { Actor, Context } from '../../context.ts'
import type { Opener } from '../../custody/opener.ts'
import { changeSealed, openSealed, readSealed } from '../../custody/open-sealed.ts'
import { sealCredentials, sealDeleted, sealPrevious } from '../../custody/sealed-values.ts'
import { Secret } from '../../secret.ts'
import { findToken } from '../../store/tables/connections/carrier-tokens.ts'
import { isHeld } from '../../store/claims.ts'
import { findConnection, rotateCredentials } from '../../store/tables/connections/connections.ts'
import type { ConnectionKey } from '../../store/scope.ts'
import type { Tx } from '../../store/db.ts'
import { findPrevious, rotatePrevious } from '../../store/tables/connections/previous-credentials.ts'
import type { CarrierToken, Connection } from '../../store/schema/tables.ts'
import { findBuried, resealBuried } from '../../store/tables/connections/deleted.ts'
import { LEFT_TO_ASK_MS, askOnce, endOfProof, materialOf } from '../carrier/ask-carrier.ts'
import { chooseLine } from '../carrier/choose-line.ts'
import { join } from '../tokens/single-flight.ts'
import { carrierOf, keyOf, refuseUnknown } from '../request/require.ts'
import { refreshTokenOf } from './sign-in-state.ts'
import { abandonToken, claimToken, settleRefreshed } from '../tokens/token-lock.ts'

/** The credentials version that a refresh token was spent from, and the one that holds what came in its place. */
export type Rotation = { from: number; to: number }

/** Where a refresh token is kept that is to be spent: with the credentials in force, or with those before them. */
export type Kept = 'in force' | 'previous'

/** How long it may take, in milliseconds of the process, and which fence was seen on the access token that is not good any more. */
export type Refresh = { kept: Kept; until: number; seenFence?: number | undefined }

/** An access token that may be used, or why there is none. */
export type Refreshed = { minted: Minted; rotated: Rotation } | { finding: Finding }

const LOOK_MS = 50

/**
 * Mints an access token from the merchant’s own sign-in. What the carrier gives in place of the refresh token is committed
 * before the access token is handed to anybody. One caller at a time spends the refresh token, whatever process it is in; the others get what that came to,
 * and so does who comes with the fence of a token that has been replaced since.
 */
export function refreshSignIn(
  ctx: Context,
  actor: Actor,
  carrierId: string,
  refresh: Refresh = { kept: 'in force', until: endOfProof() },
): Promise<Refreshed> {
  const place = `${refresh.kept} ${actor.tenantId}/${actor.environment}/${carrierId}`
  return join(ctx, `refresh ${place}`, () => refreshInTurn(ctx, actor, carrierId, refresh))
}

async function refreshInTurn(
  ctx: Context,
  actor: Actor,
  carrierId: string,
  { kept, until, seenFence }: Refresh,
): Promise<Refreshed> {
  const start = await look(ctx, actor, carrierId)
  const seen = seenFence ?? start.row?.fence ?? 0
  for (let known = start; ; known = await look(ctx, actor, carrierId)) {
    const { connection, row } = known
    const isClaimed = isHeld(row?.claimed_until, known.now)
    const isOthers = kept === 'in force' && !isClaimed && (row?.fence ?? 0) !== seen
    if (isOthers && row) return sharedOf(ctx, actor, known, row)
    const fence = isClaimed ? undefined : await claimToken(ctx, actor, connection, 'anyway')
    if (fence !== undefined) return refreshClaimed(ctx, actor, { connection, kept, fence }, until)
    if (performance.now() > until - LEFT_TO_ASK_MS) return { finding: ASKED_BY_OTHERS }
    await pause(LOOK_MS)
  }
}

type Known = { connection: Connection; row: CarrierToken | undefined; now: string }

async function look(ctx: Context, actor: Actor, carrierId: string): Promise<Known> {
  const key = keyOf(actor, carrierId)
  return ctx.store.read(actor.tenantId, async (db) => {
    const row = await findToken(db, key)
    const connection = (await findConnection(db, key)) ?? refuseUnknown()
    return { connection, row, now: ctx.clock().toISOString() }
  })
}

/** What another process has just come to. */
async function sharedOf(
  ctx: Context,
  actor: Actor,
  { connection, now }: Known,
  row: CarrierToken,
): Promise<Refreshed> {
  const version = connection.credentials_version
  if (row.credentials_version !== version || !row.expires_at || (row.good_until ?? '') <= now)
    return { finding: ASKED_BY_OTHERS }
  const seconds = Math.floor((Date.parse(row.expires_at) - Date.parse(now)) / 1_000)
  const token = await openSealed(ctx, actor, (opener) => opener.token(connection, row))
  return { minted: { token, seconds }, rotated: { from: version, to: version } }
}

type Turn = { connection: Connection; kept: Kept; fence: number }

async function refreshClaimed(ctx: Context, actor: Actor, turn: Turn, until: number): Promise<Refreshed> {
  const { connection, kept, fence } = turn
  try {
    const refreshed = await ask(ctx, actor, turn, until)
    if (!('finding' in refreshed) && kept === 'previous')
      await abandonToken(ctx, actor, connection, fence, { outcome: 'unasked' })
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
  { connection, kept, fence }: Turn,
  until: number,
): Promise<Refreshed> {
  const carrier = carrierOf(connection)
  const at = ctx.clock()
  const values = await valuesOf(ctx, actor, connection, kept)
  const spent = refreshTokenOf(values)
  const signIn = carrier.signIn
  if (!signIn || spent === undefined) return { finding: NOT_SIGNED_IN }
  const call = chooseLine(ctx, actor).open({ carrier, recipe: signIn, values, until })
  if (!call) return { finding: NO_APP }
  const answer = await askOnce(signIn.refresh, materialOf(ctx, values, call.operator), call.ask)
  if ('finding' in answer) return answer
  const { minted, refreshToken = new Secret(spent) } = answer.reading
  if (!minted) return { finding: NOT_MINTED }
  const exchange = { spent, next: refreshToken }
  const rotated = await changeSealed(ctx, actor, async (tx, opener) => {
    const now = await findConnection(tx, keyOf(actor, connection.carrier_id))
    if (!now) {
      await rotateDeleted(ctx, tx, opener, keyOf(actor, connection.carrier_id), exchange)
      return undefined
    }
    const rotation = await rotate(ctx, tx, opener, now, exchange)
    if (rotation) await settleRefreshed(ctx, tx, now, fence, rotation.to, { minted, at })
    // An update may have put it aside while the carrier was asked: what came in its place belongs there too.
    const isAside = !rotation && (await rotateAside(ctx, tx, opener, now, exchange))
    if (kept === 'in force') return rotation
    const { credentials_version: version } = now
    return isAside ? { from: version, to: version } : undefined
  })
  return rotated ? { minted, rotated } : { finding: SUPERSEDED }
}

/** The refresh token that was spent, and the one that the carrier gave for it. */
type Exchange = { spent: string; next: Secret<string> }

/** Keeps the new token beside whatever else is in force by now, as long as that still holds the one that was spent. */
async function rotate(
  ctx: Context,
  tx: Tx,
  opener: Opener,
  connection: Connection,
  { spent, next }: Exchange,
): Promise<Rotation | undefined> {
  const { tenant_id: tenantId, environment, carrier_id: carrierId, credentials_version: from } = connection
  const values = opener.credentials(connection).reveal() as Values
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

async function valuesOf(ctx: Context, actor: Actor, connection: Connection, kept: Kept) {
  if (kept === 'in force') {
    const opened = await openSealed(ctx, actor, (opener) => opener.credentials(connection))
    return opened.reveal()
  }
  return readSealed(ctx, actor, async (db, opener) => {
    const previous = await findPrevious(db, keyOf(actor, connection.carrier_id))
    return previous ? opener.previous(connection, previous).reveal() : {}
  })
}

/** Keeps the new token with a connection that was deleted while the carrier was asked, so that it can come back with it. */
async function rotateDeleted(
  ctx: Context,
  tx: Tx,
  opener: Opener,
  key: ConnectionKey,
  { spent, next }: Exchange,
): Promise<void> {
  const kept = await findBuried(tx, key)
  if (!kept) return
  const { credentials, settings } = opener.deleted(kept).reveal()
  if (refreshTokenOf(credentials) !== spent) return
  const rotated = { ...credentials, [REFRESH_TOKEN]: next.reveal() }
  await resealBuried(tx, key, sealDeleted(ctx, kept, new Secret({ credentials: rotated, settings })))
}

/** Keeps the new token with the credentials before those in force, as long as those still hold the one that was spent. */
async function rotateAside(
  ctx: Context,
  tx: Tx,
  opener: Opener,
  connection: Connection,
  { spent, next }: Exchange,
): Promise<boolean> {
  const { tenant_id: tenantId, environment, carrier_id: carrierId } = connection
  const key = { tenantId, environment, carrierId }
  const previous = await findPrevious(tx, key)
  const values = previous && opener.previous(connection, previous).reveal()
  if (!previous || refreshTokenOf(values ?? {}) !== spent) return false
  const held = new Secret({ ...values, [REFRESH_TOKEN]: next.reveal() })
  const version = previous.credentials_version
  await rotatePrevious(tx, key, sealPrevious(ctx, connection, version, held))
  return true
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
