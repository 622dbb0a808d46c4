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
import { diagnose, nextStep, outcomeHeader, refuses, type Proof } from './carrier/proof.ts'
import { join, joinNext } from './tokens/single-flight.ts'
import { keyOf, refuseUnknown } from './request/require.ts'
import { refreshTokenOf } from './sign-in/sign-in-state.ts'
import { claimToken } from './tokens/token-lock.ts'

/** An access token that has life left, until when, and the connection as it was when it was handed out. */
export type AccessToken = { token: Secret<string>; expiresAt: string; connection: Connection }

/** What is known of the token of a connection; a row that is of other credentials counts for nothing. */
type Known = { connection: Connection; row: CarrierToken | undefined; fence: number; now: string }

const LOOK_MS = 50
/** Longer than a claim: whoever waits for a process that dies takes over from it. */
const WAIT_MS = 40_000
/** How often one request asks the carrier, when what it answers is of no use any more. */
const MOST_ASKED = 3

/**
 * The carrier's access token for this connection: one with life left, which is nobody else's and of the credentials in force.
 * The carrier is asked for one by one caller at a time, whatever process it is in, and ahead of the end of the last; the others wait, and never ask.
 * `undefined` where the carrier mints none for these credentials; throws where it refuses them (409) or gives no token (502).
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
    // Who was under way before the credentials changed may have come to what they were.
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
    if (!check.proof.asked) return undefined
    // What a sign-in mints is good, whatever the carrier then says of the account.
    const after = isSignedIn ? await look(ctx, actor, carrierId) : known
    if (isGood(after)) return handOut(ctx, actor, after)
    requireMinted(carrier, connection, check)
    asked += 1
  }
  return refuse(carrier, 'Others ask it all the time.', { outcome: 'unasked' })
}

/** Where the merchant has signed in, the refresh of that is what is claimed, and not here. */
async function getAhead(ctx: Context, actor: Actor, known: Known): Promise<void> {
  if (await hasSignIn(ctx, actor, known.connection))
    await checkConnection(ctx, actor, known.connection, { seenFence: known.fence })
  else await checkInTurn(ctx, actor, known)
}

/** `undefined` where it is another's turn to ask. */
async function checkInTurn(ctx: Context, actor: Actor, known: Known): Promise<Check | undefined> {
  const fence = isClaimed(known) ? undefined : await claimToken(ctx, actor, known.connection)
  return fence === undefined ? undefined : checkClaimed(ctx, actor, known.connection, fence)
}

const hasSignIn = (ctx: Context, actor: Actor, connection: Connection): Promise<boolean> =>
  openSealed(ctx, actor, (opener) => refreshTokenOf(opener.credentials(connection).reveal()) !== undefined)

async function look(ctx: Context, actor: Actor, carrierId: string): Promise<Known> {
  const key = keyOf(actor, carrierId)
  return ctx.store.read(actor.tenantId, async (db) => {
    const row = await findToken(db, key)
    const connection = (await findConnection(db, key)) ?? refuseUnknown()
    const isCurrent = row?.credentials_version === connection.credentials_version
    const now = ctx.clock().toISOString()
    return { connection, row: isCurrent ? row : undefined, fence: row?.fence ?? 0, now }
  })
}

const isGood = ({ row, now }: Known) => (row?.good_until ?? '') > now
const isClaimed = ({ row, now }: Known) => isHeld(row?.claimed_until, now)
const isPaused = ({ row, now }: Known) => (row?.retry_at ?? '') > now
const isDue = (known: Known) =>
  (known.row?.refresh_at ?? '') <= known.now &&
  !isClaimed(known) &&
  !isPaused(known) &&
  known.connection.state !== 'needs_reauth'

async function handOut(ctx: Context, actor: Actor, { connection, row }: Known): Promise<AccessToken> {
  if (!row?.expires_at) throw new Error('A token without an end was taken for a good one.')
  const token = await openSealed(ctx, actor, (opener) => opener.token(connection, row))
  return { token, expiresAt: row.expires_at, connection }
}

/** Lets an answer pass that brought a token, or that speaks of credentials which were replaced meanwhile. */
function requireMinted(carrier: Carrier, asked: Connection, { proof, connection }: Check): void {
  if (!proof.asked || connection.credentials_version !== asked.credentials_version) return
  if (refuses(proof.outcome))
    refuseRefused({ ...connection, diagnosis: proof.outcome }, outcomeHeader(proof.outcome))
  if (proof.outcome !== 'verified') refuse(carrier, proof.because, proof)
  if (!proof.minted?.seconds)
    refuse(carrier, 'It does not say how long its token is good.', { outcome: 'inconclusive' })
}

function refuseRefused({ diagnosis }: Pick<Connection, 'diagnosis'>, headers = {}): never {
  const known = [diagnose(diagnosis), nextStep(diagnosis)].filter(Boolean).join(' ')
  return fail('connection_unusable', known || 'The connection has to be updated first.', { headers })
}

function refuseForNow(carrier: Carrier, { row, now }: Known): never {
  const wait = Math.ceil((Date.parse(row?.retry_at ?? now) - Date.parse(now)) / 1_000)
  return refuse(carrier, 'It gave none a moment ago, and is asked again later.', {
    outcome: 'unasked',
    retryAfter: wait,
  })
}

type Answered = { outcome: Proof['outcome']; retryAfter?: number | undefined }

const refuse = (carrier: Carrier, why: string, { outcome, retryAfter }: Answered): never =>
  fail('token_unavailable', `There is no access token of ${carrier.title} at the moment. ${why}`, {
    headers: { ...outcomeHeader(outcome), ...(retryAfter ? { 'retry-after': `${retryAfter}` } : {}) },
  })
