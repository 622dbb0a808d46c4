import { randomUUID } from 'node:crypto'
import type { Minted } from '../../catalog/verification.ts'
import type { Actor, Context } from '../../context.ts'
import { sealToken } from '../../custody/sealed-token.ts'
import { Secret } from '../../secret.ts'
import { changeToken, findToken, type TokenChange } from '../../store/tables/connections/carrier-tokens.ts'
import { isHeld } from '../../store/claims.ts'
import { findConnection } from '../../store/tables/connections/connections.ts'
import type { Tx } from '../../store/db.ts'
import type { Connection } from '../../store/schema/tables.ts'
import { later } from '../../time.ts'
import type { Proof } from '../carrier/proof.ts'
import { keyOf } from '../request/require.ts'

/** Longer than asking a carrier takes: a process that dies leaves its claim to others after this. */
const CLAIM_MS = 30_000
/** When the next token is got, as a part of the life of this one; a tenth sooner or later, each connection for itself. */
const REFRESH_AFTER = 0.8
/** The end of a life that is not handed out, so that no token dies on its way: a tenth, and a minute at most. */
const KEPT_BACK = 0.1
const MOST_KEPT_BACK_MS = 60_000
/** How long a carrier that gave no token is left alone: a moment where it could not be asked, and longer where it said no. */
const SOON_MS = 15_000
const LATER_MS = 60_000

const holder = randomUUID()

/**
 * Claims the right to get the next token of a connection from its carrier; the fence to write it with.
 * `undefined` when another has the claim, the credentials have changed, or, unless `anyway`, when no next token is due.
 */
export async function claimToken(
  ctx: Context,
  actor: Actor,
  { carrier_id, credentials_version: version }: Connection,
  anyway?: 'anyway',
): Promise<number | undefined> {
  const key = keyOf(actor, carrier_id)
  return ctx.store.transaction(actor.tenantId, async (tx) => {
    const connection = await findConnection(tx, key)
    if (connection?.credentials_version !== version) return undefined
    const row = await findToken(tx, key)
    const at = ctx.clock()
    const now = at.toISOString()
    if (isHeld(row?.claimed_until, now)) return undefined
    if (row && !anyway && ((row.retry_at ?? '') > now || (row.refresh_at ?? '') > now)) return undefined
    const claimed_until = new Date(at.getTime() + CLAIM_MS).toISOString()
    return changeToken(tx, key, version, row?.fence ?? 0, { holder, claimed_until, retry_at: null })
  })
}

/** Ends a claim with what the carrier answered: keeps the token it minted, or leaves the carrier alone for a while. Whose fence is stale writes nothing. */
export async function settleToken(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  asked: Connection,
  fence: number,
  proof: Proof,
): Promise<void> {
  const { carrier_id, credentials_version: version } = asked
  const minted = proof.asked ? proof.minted : undefined
  const change =
    (proof.asked && minted && tokenOf(ctx, asked, version, minted, proof.at)) || pausedBy(ctx, proof)
  await changeToken(tx, keyOf(actor, carrier_id), version, fence, change)
}

/** The same for a token that a refresh token minted: it is of the version of the credentials that came into force with it. */
export async function settleRefreshed(
  ctx: Context,
  tx: Tx,
  connection: Connection,
  fence: number,
  to: number,
  { minted, at }: { minted: Minted; at: Date },
): Promise<void> {
  const { tenant_id: tenantId, environment, carrier_id: carrierId, credentials_version } = connection
  const token = tokenOf(ctx, connection, to, minted, at) ?? unclaimed
  const change = { ...token, credentials_version: to }
  await changeToken(tx, { tenantId, environment, carrierId }, credentials_version, fence, change)
}

/** Ends a claim without a token; without `finding`, without an answer of the carrier either, and with `unasked` nobody has to wait. */
export async function abandonToken(
  ctx: Context,
  actor: Actor,
  { carrier_id }: Connection,
  fence: number,
  finding: { outcome: Proof['outcome']; retryAfter?: number } = { outcome: 'unavailable' },
): Promise<void> {
  const key = keyOf(actor, carrier_id)
  await ctx.store.transaction(actor.tenantId, async (tx) => {
    const row = await findToken(tx, key)
    if (row) await changeToken(tx, key, row.credentials_version, fence, pausedBy(ctx, finding))
  })
}

/** Keeps the token that proving new credentials minted, while they are in force and nobody has got another; a failure to do so costs no more than asking again. */
export async function keepMinted(
  ctx: Context,
  actor: Actor,
  carrierId: string,
  version: number,
  proof: Proof,
): Promise<void> {
  if (!proof.asked || !proof.minted) return
  const { minted, at } = proof
  const key = keyOf(actor, carrierId)
  try {
    await ctx.store.transaction(actor.tenantId, async (tx) => {
      const connection = await findConnection(tx, key)
      if (connection?.credentials_version !== version) return
      const change = tokenOf(ctx, connection, version, minted, at)
      const row = await findToken(tx, key)
      const isClaimed = isHeld(row?.claimed_until, ctx.clock().toISOString())
      if (change && !isClaimed && !row?.sealed) await changeToken(tx, key, version, row?.fence ?? 0, change)
    })
  } catch (error) {
    ctx.log.warn({ err: error, carrier_id: carrierId }, 'an access token could not be kept')
  }
}

const unclaimed = { holder: null, claimed_until: null }

/** Its life counts from before the carrier was asked; one whose life nobody knows is not kept. */
function tokenOf(
  ctx: Context,
  connection: Connection,
  version: number,
  { token, seconds }: Minted,
  at: Date,
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

/** Where nobody was asked, nobody waits. */
function pausedBy(
  ctx: Context,
  { outcome, retryAfter = 0 }: { outcome: Proof['outcome']; retryAfter?: number },
): TokenChange {
  if (outcome === 'unasked') return { ...unclaimed, retry_at: null }
  const wait = Math.max(outcome === 'unavailable' ? SOON_MS : LATER_MS, retryAfter * 1_000)
  return { ...unclaimed, retry_at: new Date(ctx.clock().getTime() + wait).toISOString() }
}
