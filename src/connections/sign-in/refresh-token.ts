import { setTimeout as pause } from 'node:timers/promises'
import { REFRESH_TOKEN } from '../../catalog/sign-in.ts'
import type { Values } from '../../catalog/forms/validate.ts'
import type { CarrierAnswer, MintedToken } from '../../catalog/verification.ts'
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
import { findDeleted, resealDeleted } from '../../store/tables/connections/deleted.ts'
import { LEFT_TO_ASK_MS, askOnce, verificationDeadline, materialOf } from '../carrier/ask-once.ts'
import { chooseLine } from '../carrier/choose-line.ts'
import { join } from '../tokens/single-flight.ts'
import { carrierOf, connectionKey, refuseUnknownConnection } from '../request/require.ts'
import { refreshTokenOf } from './sign-in-state.ts'
import { endClaimWithoutToken, claimToken, endClaimRefreshed } from '../tokens/token-lock.ts'

/** A rotation names the credentials version whose refresh token was spent, and the version that holds the token which replaced it. */
export type CredentialsRotation = { from: number; to: number }

/** Says which credentials hold the refresh token that is to be spent: the credentials in force, or the previous ones. */
export type WhichCredentials = 'in force' | 'previous'

/** Describes a refresh: which credentials hold the refresh token (`which`), when the refresh has to be over (`until`, in milliseconds of the process clock), and the fence number that the caller read with an access token that is no longer good (`seenFence`). */
export type RefreshRequest = { which: WhichCredentials; until: number; seenFence?: number | undefined }

/** Describes an access token that may be used, or the outcome where there is none. */
export type RefreshResult = { minted: MintedToken; rotated: CredentialsRotation } | { answer: CarrierAnswer }

const LOOK_MS = 50

/**
 * Mints an access token from the merchant’s own sign-in. The refresh token that the carrier gives in place of the spent one is committed before anybody gets the access token.
 * Of all callers in all processes only one at a time spends the refresh token, and the others get the same result. A caller whose `seenFence` is out of date gets the access token that has been stored since.
 */
export function refreshSignIn(
  ctx: Context,
  actor: Actor,
  carrierId: string,
  refresh: RefreshRequest = { which: 'in force', until: verificationDeadline() },
): Promise<RefreshResult> {
  const place = `${refresh.which} ${actor.tenantId}/${actor.environment}/${carrierId}`
  return join(ctx, `refresh ${place}`, () => refreshInTurn(ctx, actor, carrierId, refresh))
}

async function refreshInTurn(
  ctx: Context,
  actor: Actor,
  carrierId: string,
  { which, until, seenFence }: RefreshRequest,
): Promise<RefreshResult> {
  const start = await look(ctx, actor, carrierId)
  const seen = seenFence ?? start.row?.fence ?? 0
  for (let known = start; ; known = await look(ctx, actor, carrierId)) {
    const { connection, row } = known
    const isClaimed = isHeld(row?.claimed_until, known.now)
    const isOthers = which === 'in force' && !isClaimed && (row?.fence ?? 0) !== seen
    if (isOthers && row) return sharedOf(ctx, actor, known, row)
    const fence = isClaimed ? undefined : await claimToken(ctx, actor, connection, { anyway: true })
    if (fence !== undefined) return refreshClaimed(ctx, actor, { connection, which, fence }, until)
    if (performance.now() > until - LEFT_TO_ASK_MS) return { answer: ASKED_BY_OTHERS }
    await pause(LOOK_MS)
  }
}

type TokenState = { connection: Connection; row: CarrierToken | undefined; now: string }

async function look(ctx: Context, actor: Actor, carrierId: string): Promise<TokenState> {
  const key = connectionKey(actor, carrierId)
  return ctx.store.read(actor.tenantId, async (db) => {
    const row = await findToken(db, key)
    const connection = (await findConnection(db, key)) ?? refuseUnknownConnection()
    return { connection, row, now: ctx.clock().toISOString() }
  })
}

/** Returns the access token that another process has just stored, or an outcome which says that others are asking the carrier. */
async function sharedOf(
  ctx: Context,
  actor: Actor,
  { connection, now }: TokenState,
  row: CarrierToken,
): Promise<RefreshResult> {
  const version = connection.credentials_version
  if (row.credentials_version !== version || !row.expires_at || (row.good_until ?? '') <= now)
    return { answer: ASKED_BY_OTHERS }
  const seconds = Math.floor((Date.parse(row.expires_at) - Date.parse(now)) / 1_000)
  const token = await openSealed(ctx, actor, (opener) => opener.token(connection, row))
  return { minted: { token, seconds }, rotated: { from: version, to: version } }
}

type ClaimedRefresh = { connection: Connection; which: WhichCredentials; fence: number }

async function refreshClaimed(
  ctx: Context,
  actor: Actor,
  claimed: ClaimedRefresh,
  until: number,
): Promise<RefreshResult> {
  const { connection, which, fence } = claimed
  try {
    const refreshed = await ask(ctx, actor, claimed, until)
    if ('answer' in refreshed)
      await endClaimWithoutToken(ctx, actor, connection, { fence, answer: refreshed.answer })
    else if (which === 'previous')
      await endClaimWithoutToken(ctx, actor, connection, { fence, answer: { outcome: 'unasked' } })
    return refreshed
  } catch (error) {
    await endClaimWithoutToken(ctx, actor, connection, { fence })
    throw error
  }
}

async function ask(
  ctx: Context,
  actor: Actor,
  { connection, which, fence }: ClaimedRefresh,
  until: number,
): Promise<RefreshResult> {
  const carrier = carrierOf(connection)
  const at = ctx.clock()
  const values = await valuesOf(ctx, actor, connection, which)
  const spent = refreshTokenOf(values)
  const signIn = carrier.signIn
  if (!signIn || spent === undefined) return { answer: NOT_SIGNED_IN }
  const call = chooseLine(ctx, actor).open({ carrier, recipe: signIn, values, until })
  if (!call) return { answer: NO_APP }
  const reply = await askOnce(signIn.refresh, materialOf(ctx, values, call.operator), call.ask)
  if ('answer' in reply) return reply
  const { minted, refreshToken = new Secret(spent) } = reply.words
  if (!minted) return { answer: NOT_MINTED }
  const exchange = { spent, next: refreshToken }
  const rotated = await changeSealed(ctx, actor, async (tx, opener) => {
    const now = await findConnection(tx, connectionKey(actor, connection.carrier_id))
    if (!now) {
      await rotateDeleted(ctx, tx, connectionKey(actor, connection.carrier_id), { opener, ...exchange })
      return undefined
    }
    const rotation = await rotate(ctx, tx, now, { opener, ...exchange })
    if (rotation) await endClaimRefreshed(ctx, tx, now, { fence, to: rotation.to, minted, at })
    // An update may have moved the spent token to the previous credentials while the carrier was asked: the new token then belongs there too.
    const isAside = !rotation && (await rotateAside(ctx, tx, now, { opener, ...exchange }))
    if (which === 'in force') return rotation
    const { credentials_version: version } = now
    return isAside ? { from: version, to: version } : undefined
  })
  return rotated ? { minted, rotated } : { answer: SUPERSEDED }
}

/** Describes an exchange: the refresh token that was spent, the next one that the carrier gave for it, and the opener of the transaction that stores the next one. */
type Exchange = { opener: Opener; spent: string; next: Secret<string> }

/** Stores the new token with the credentials that are in force now. Returns `undefined`, and stores nothing, where these credentials do not hold the spent token any more. */
async function rotate(
  ctx: Context,
  tx: Tx,
  connection: Connection,
  { opener, spent, next }: Exchange,
): Promise<CredentialsRotation | undefined> {
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

async function valuesOf(ctx: Context, actor: Actor, connection: Connection, which: WhichCredentials) {
  if (which === 'in force') {
    const opened = await openSealed(ctx, actor, (opener) => opener.credentials(connection))
    return opened.reveal()
  }
  return readSealed(ctx, actor, async (db, opener) => {
    const previous = await findPrevious(db, connectionKey(actor, connection.carrier_id))
    return previous ? opener.previous(connection, previous).reveal() : {}
  })
}

/** Stores the new token with a connection that was deleted while the carrier was asked, so that a restore brings the token back. */
async function rotateDeleted(
  ctx: Context,
  tx: Tx,
  key: ConnectionKey,
  { opener, spent, next }: Exchange,
): Promise<void> {
  const deleted = await findDeleted(tx, key)
  if (!deleted) return
  const { credentials, settings } = opener.deleted(deleted).reveal()
  if (refreshTokenOf(credentials) !== spent) return
  const rotated = { ...credentials, [REFRESH_TOKEN]: next.reveal() }
  await resealDeleted(tx, key, sealDeleted(ctx, deleted, new Secret({ credentials: rotated, settings })))
}

/** Stores the new token with the previous credentials, as long as these still hold the spent token; returns whether they did. */
async function rotateAside(
  ctx: Context,
  tx: Tx,
  connection: Connection,
  { opener, spent, next }: Exchange,
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

const NOT_SIGNED_IN: CarrierAnswer = {
  outcome: 'inconclusive',
  because: 'Nobody has signed in at the carrier for this connection.',
}
const NO_APP: CarrierAnswer = {
  outcome: 'platform_misconfigured',
  because: 'The operator of this server has no registration with the carrier any more.',
}
const NOT_MINTED: CarrierAnswer = { outcome: 'inconclusive', because: 'The carrier gave no access token.' }
const SUPERSEDED: CarrierAnswer = {
  outcome: 'inconclusive',
  because: 'The connection was signed in again while the carrier was asked.',
}
const ASKED_BY_OTHERS: CarrierAnswer = {
  outcome: 'inconclusive',
  because: 'The carrier is being asked for another, and has given no access token yet.',
}
