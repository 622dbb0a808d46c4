import { setTimeout as pause } from 'node:timers/promises'
import type { Carrier } from '../catalog/define.ts'
import type { Actor, Context } from '../context.ts'
import { openSealed } from '../custody/open-sealed.ts'
import { fail } from '../errors.ts'
import type { Secret } from '../secret.ts'
import { findToken } from '../store/tables/connections/carrier-tokens.ts'
import { isHeld } from '../store/claims.ts'
import { findConnection } from '../store/tables/connections/connections.ts'
import type { CarrierToken, Connection } from '../store/schema/tables.ts'
import { checkClaimed, checkConnection, type Check } from './verification/check-connection.ts'
import {
  diagnose,
  nextStep,
  outcomeHeader,
  refuses,
  type VerificationResult,
} from './carrier/verification-result.ts'
import { join, joinNext } from './tokens/single-flight.ts'
import { connectionKey, refuseUnknownConnection } from './request/require.ts'
import { refreshTokenOf } from './sign-in/sign-in-state.ts'
import { claimToken } from './tokens/token-lock.ts'

/** Describes an access token that is good until `expiresAt`, and the connection as it was when the token was handed out. */
export type AccessToken = { token: Secret<string>; expiresAt: string; connection: Connection }

/** Describes what is stored about the access token of a connection. `row` is absent where no token is stored for the credentials in force; `fence` is the number that every write of the row increases, and 0 where there is no row. */
type TokenState = { connection: Connection; row: CarrierToken | undefined; fence: number; now: string }

const LOOK_MS = 50
/** A request waits this many milliseconds for another one that asks the carrier. This is longer than a claim lasts, so that the request can take over from a process that died. */
const WAIT_MS = 40_000
/** A request that gets no usable token asks the carrier again, until the carrier has been asked this many times. */
const MOST_ASKED = 3

/**
 * Returns the carrier’s access token for this connection. The token is good for some time yet, and belongs to this connection and to the credentials in force.
 * Of all callers in all processes only one at a time asks the carrier for a token, and the others wait for that token. The next token is asked for before the current one ends, while callers still get the current one.
 * Returns `undefined` where the carrier mints no token for these credentials; throws where the carrier refuses them (409) or gives no token (502).
 */
export async function requireToken(
  ctx: Context,
  actor: Actor,
  { carrier_id: carrierId }: Pick<Connection, 'carrier_id'>,
  carrier: Carrier,
): Promise<AccessToken | undefined> {
  const place = `${actor.tenantId}/${actor.environment}/${carrierId}`
  const known = await joinNext(ctx, `look ${place}`, () => look(ctx, actor, carrierId))
  if (!isGood(known)) {
    const got = await join(ctx, `get ${place}`, () => obtain(ctx, actor, carrier, carrierId))
    // A request that began before the credentials changed may return a token of the earlier credentials.
    const isOlder = got && got.connection.credentials_version < known.connection.credentials_version
    return isOlder ? requireToken(ctx, actor, known.connection, carrier) : got
  }
  if (isDue(known))
    join(ctx, `get ahead ${place}`, () => getAhead(ctx, actor, known)).catch((error: unknown) =>
      ctx.log.warn({ err: error, carrier_id: carrierId }, 'an access token could not be got ahead'),
    )
  return handOut(ctx, actor, known)
}

async function obtain(
  ctx: Context,
  actor: Actor,
  carrier: Carrier,
  carrierId: string,
): Promise<AccessToken | undefined> {
  const start = performance.now()
  for (let asked = 0; asked < MOST_ASKED;) {
    const known = await look(ctx, actor, carrierId)
    if (isGood(known)) return handOut(ctx, actor, known)
    const { connection } = known
    if (connection.state === 'needs_reauth') refuseRefused(connection)
    if (isPaused(known)) return refuseForNow(carrier, known)
    const isSignedIn = await hasSignIn(ctx, actor, connection)
    if (!isSignedIn && !carrier.verify?.mints) return undefined
    const check = isSignedIn
      ? await checkConnection(ctx, actor, connection, { seenFence: known.fence })
      : await checkInTurn(ctx, actor, known)
    if (!check) {
      if (performance.now() - start > WAIT_MS) break
      await pause(LOOK_MS)
      continue
    }
    if (!check.verification.asked) return undefined
    // A token that a sign-in mints is good, whatever the carrier then says about the account.
    const after = isSignedIn ? await look(ctx, actor, carrierId) : known
    if (isGood(after)) return handOut(ctx, actor, after)
    requireMinted(carrier, connection, check)
    asked += 1
  }
  return refuse(carrier, 'Others ask it all the time.', { outcome: 'unasked' })
}

/** Gets the next token before the current one ends. Where the merchant has signed in, `refreshSignIn` claims the token, so this function does not. */
async function getAhead(ctx: Context, actor: Actor, known: TokenState): Promise<void> {
  if (await hasSignIn(ctx, actor, known.connection))
    await checkConnection(ctx, actor, known.connection, { seenFence: known.fence })
  else await checkInTurn(ctx, actor, known)
}

/** Checks a connection under a claim on its token; returns `undefined` where another process has the claim. */
async function checkInTurn(ctx: Context, actor: Actor, known: TokenState): Promise<Check | undefined> {
  const fence = isClaimed(known) ? undefined : await claimToken(ctx, actor, known.connection)
  return fence === undefined ? undefined : checkClaimed(ctx, actor, known.connection, { fence })
}

const hasSignIn = (ctx: Context, actor: Actor, connection: Connection): Promise<boolean> =>
  openSealed(ctx, actor, (opener) => refreshTokenOf(opener.credentials(connection).reveal()) !== undefined)

async function look(ctx: Context, actor: Actor, carrierId: string): Promise<TokenState> {
  const key = connectionKey(actor, carrierId)
  return ctx.store.read(actor.tenantId, async (db) => {
    const row = await findToken(db, key)
    const connection = (await findConnection(db, key)) ?? refuseUnknownConnection()
    const isCurrent = row?.credentials_version === connection.credentials_version
    const now = ctx.clock().toISOString()
    return { connection, row: isCurrent ? row : undefined, fence: row?.fence ?? 0, now }
  })
}

const isGood = ({ row, now }: TokenState) => (row?.good_until ?? '') > now
const isClaimed = ({ row, now }: TokenState) => isHeld(row?.claimed_until, now)
const isPaused = ({ row, now }: TokenState) => (row?.retry_at ?? '') > now
const isDue = (known: TokenState) =>
  (known.row?.refresh_at ?? '') <= known.now &&
  !isClaimed(known) &&
  !isPaused(known) &&
  known.connection.state !== 'needs_reauth'

async function handOut(ctx: Context, actor: Actor, { connection, row }: TokenState): Promise<AccessToken> {
  if (!row?.expires_at) throw new Error('A token without an end was taken for a good one.')
  const token = await openSealed(ctx, actor, (opener) => opener.token(connection, row))
  return { token, expiresAt: row.expires_at, connection }
}

/** Refuses (409 or 502) an answer that brought no usable token; an answer about credentials that were replaced meanwhile is not refused. */
function requireMinted(carrier: Carrier, asked: Connection, { verification, connection }: Check): void {
  if (!verification.asked || connection.credentials_version !== asked.credentials_version) return
  if (refuses(verification.outcome))
    refuseRefused({ ...connection, diagnosis: verification.outcome }, outcomeHeader(verification.outcome))
  if (verification.outcome !== 'verified') refuse(carrier, verification.because, verification)
  if (!verification.minted?.seconds)
    refuse(carrier, 'It does not say how long its token is good.', { outcome: 'inconclusive' })
}

function refuseRefused({ diagnosis }: Pick<Connection, 'diagnosis'>, headers = {}): never {
  const known = [diagnose(diagnosis), nextStep(diagnosis)].filter(Boolean).join(' ')
  return fail('connection_unusable', known || 'The connection has to be updated first.', { headers })
}

function refuseForNow(carrier: Carrier, { row, now }: TokenState): never {
  const wait = Math.ceil((Date.parse(row?.retry_at ?? now) - Date.parse(now)) / 1_000)
  return refuse(carrier, 'It gave none a moment ago, and is asked again later.', {
    outcome: 'unasked',
    retryAfter: wait,
  })
}

type Answered = { outcome: VerificationResult['outcome']; retryAfter?: number | undefined }

const refuse = (carrier: Carrier, why: string, { outcome, retryAfter }: Answered): never =>
  fail('token_unavailable', `There is no access token of ${carrier.title} at the moment. ${why}`, {
    headers: { ...outcomeHeader(outcome), ...(retryAfter ? { 'retry-after': `${retryAfter}` } : {}) },
  })
