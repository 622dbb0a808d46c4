import type { MintedToken } from '../../catalog/verification.ts'
import type { Actor, Context } from '../../context.ts'
import { sealToken } from '../../custody/sealed-token.ts'
import { Secret } from '../../secret.ts'
import { changeToken, findToken, type TokenChange } from '../../store/tables/connections/carrier-tokens.ts'
import { isHeld } from '../../store/claims.ts'
import { findConnection } from '../../store/tables/connections/connections.ts'
import type { Tx } from '../../store/db.ts'
import type { Connection } from '../../store/schema/tables.ts'
import { later } from '../../time.ts'
import type { VerificationResult } from '../carrier/verification-result.ts'
import { connectionKey } from '../request/require.ts'

/** A claim lasts this many milliseconds, which is longer than asking a carrier takes; afterwards others can take over the claim of a process that died. */
const CLAIM_MS = 30_000
/** The next token is requested after this part of the life of the current one; each connection does so up to a tenth sooner or later. */
const REFRESH_AFTER = 0.8
/** A token is not handed out in this last part of its life, of at most a minute, so that no token ends on the way to its user. */
const KEPT_BACK = 0.1
const MOST_KEPT_BACK_MS = 60_000
/** A carrier that gave no token is left alone for `SOON_MS` milliseconds where it could not be asked, and for `LATER_MS` where it refused. */
const SOON_MS = 15_000
const LATER_MS = 60_000

/**
 * Claims the right to get the next token of a connection from its carrier. Returns the fence number of the claim, which every write increases: the token can be written only as long as the row still has this number.
 * Returns `undefined` when another process has the claim, when the credentials have changed, or, unless `anyway`, when no next token is due.
 */
export async function claimToken(
  ctx: Context,
  actor: Actor,
  { carrier_id, credentials_version: version }: Connection,
  { anyway = false }: { anyway?: boolean } = {},
): Promise<number | undefined> {
  const key = connectionKey(actor, carrier_id)
  return ctx.store.transaction(actor.tenantId, async (tx) => {
    const connection = await findConnection(tx, key)
    if (connection?.credentials_version !== version) return undefined
    const row = await findToken(tx, key)
    const at = ctx.clock()
    const now = at.toISOString()
    if (isHeld(row?.claimed_until, now)) return undefined
    if (row && !anyway && ((row.retry_at ?? '') > now || (row.refresh_at ?? '') > now)) return undefined
    const claimed_until = new Date(at.getTime() + CLAIM_MS).toISOString()
    const seen = { version, fence: row?.fence ?? 0 }
    return changeToken(tx, key, seen, { claimed_until, retry_at: null })
  })
}

/** Ends a claim with the answer of the carrier: stores the token that the carrier minted, or leaves the carrier alone for a while. Writes nothing where the fence number shows that somebody has written since. */
export async function endClaim(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { asked, fence, verification }: { asked: Connection; fence: number; verification: VerificationResult },
): Promise<void> {
  const { carrier_id, credentials_version: version } = asked
  const minted = verification.asked ? verification.minted : undefined
  const token =
    verification.asked && minted
      ? tokenOf(ctx, asked, version, { ...minted, at: verification.at })
      : undefined
  const change = token ?? pausedBy(ctx, verification)
  await changeToken(tx, connectionKey(actor, carrier_id), { version, fence }, change)
}

/** Ends a claim with a token that a refresh token minted; the token belongs to the credentials version that came into force with it. */
export async function endClaimRefreshed(
  ctx: Context,
  tx: Tx,
  connection: Connection,
  { fence, to, minted, at }: { fence: number; to: number; minted: MintedToken; at: Date },
): Promise<void> {
  const { tenant_id: tenantId, environment, carrier_id: carrierId, credentials_version } = connection
  const token = tokenOf(ctx, connection, to, { ...minted, at }) ?? unclaimed
  const change = { ...token, credentials_version: to }
  const seen = { version: credentials_version, fence }
  await changeToken(tx, { tenantId, environment, carrierId }, seen, change)
}

/** Ends a claim without a token. An absent `answer` means that the carrier has not answered; after the outcome `unasked` the carrier may be asked again at once. */
export async function endClaimWithoutToken(
  ctx: Context,
  actor: Actor,
  { carrier_id }: Connection,
  { fence, answer = { outcome: 'unavailable' } }: { fence: number; answer?: Pause },
): Promise<void> {
  const key = connectionKey(actor, carrier_id)
  await ctx.store.transaction(actor.tenantId, async (tx) => {
    const row = await findToken(tx, key)
    if (row) await changeToken(tx, key, { version: row.credentials_version, fence }, pausedBy(ctx, answer))
  })
}

/** Stores the token that verifying new credentials minted, but only while these credentials are in force, no other token is stored, and nobody has claimed the token. A failure to store is only logged, since the carrier can be asked again. */
export async function saveMintedToken(
  ctx: Context,
  actor: Actor,
  { carrierId, credentialsVersion: version }: { carrierId: string; credentialsVersion: number },
  verification: VerificationResult,
): Promise<void> {
  if (!verification.asked || !verification.minted) return
  const { minted, at } = verification
  const key = connectionKey(actor, carrierId)
  try {
    await ctx.store.transaction(actor.tenantId, async (tx) => {
      const connection = await findConnection(tx, key)
      if (connection?.credentials_version !== version) return
      const change = tokenOf(ctx, connection, version, { ...minted, at })
      const row = await findToken(tx, key)
      const isClaimed = isHeld(row?.claimed_until, ctx.clock().toISOString())
      const seen = { version, fence: row?.fence ?? 0 }
      if (change && !isClaimed && !row?.sealed) await changeToken(tx, key, seen, change)
    })
  } catch (error) {
    ctx.log.warn({ err: error, carrier_id: carrierId }, 'an access token could not be kept')
  }
}

/** A pause says why the carrier gave no token, and how many seconds the carrier asked to wait. */
type Pause = { outcome: VerificationResult['outcome']; retryAfter?: number }

const unclaimed = { claimed_until: null }

/** Returns the columns of a minted token. The life of a token counts from before the carrier was asked; a token whose life nobody knows is not stored. */
function tokenOf(
  ctx: Context,
  connection: Connection,
  version: number,
  { token, seconds, at }: MintedToken & { at: Date },
): TokenChange | undefined {
  if (!seconds) return undefined
  const life = seconds * 1_000
  const end = at.getTime() + life
  const expiresAt = new Date(end).toISOString()
  return {
    sealed: sealToken(ctx, connection, version, new Secret({ token: token.reveal(), expiresAt })),
    refresh_at: later(at, life * REFRESH_AFTER),
    good_until: new Date(end - Math.min(life * KEPT_BACK, MOST_KEPT_BACK_MS)).toISOString(),
    expires_at: expiresAt,
    ...unclaimed,
    retry_at: null,
  }
}

/** Returns the columns that end a claim without a token and leave the carrier alone for a while; after the outcome `unasked` the carrier may be asked again at once. */
function pausedBy(ctx: Context, { outcome, retryAfter = 0 }: Pause): TokenChange {
  if (outcome === 'unasked') return { ...unclaimed, retry_at: null }
  const wait = Math.max(outcome === 'unavailable' ? SOON_MS : LATER_MS, retryAfter * 1_000)
  return { ...unclaimed, retry_at: new Date(ctx.clock().getTime() + wait).toISOString() }
}
