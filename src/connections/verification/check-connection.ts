import { changesBetween } from '../../audit/changes.ts'
import { recordEvent } from '../../audit/record-event.ts'
import type { Actor, Context } from '../../context.ts'
import { openSealed } from '../../custody/open-sealed.ts'
import { findConnection, noteCheck } from '../../store/tables/connections/connections.ts'
import type { Tx } from '../../store/db.ts'
import { planCheck } from '../../store/tables/connections/checks.ts'
import type { Connection } from '../../store/schema/tables.ts'
import { checkedAgain } from './next-check.ts'
import { chooseLine } from '../carrier/choose-line.ts'
import type { VerificationResult } from '../carrier/verification-result.ts'
import { settingsToVerify } from '../form/carrier-forms.ts'
import { verifyCredentials } from './verify-credentials.ts'
import { carrierOf, connectionKey, refuseUnknownConnection } from '../request/require.ts'
import { valuesToVerify } from '../form/values.ts'
import { endClaimWithoutToken, claimToken, endClaim } from '../tokens/token-lock.ts'
import { isWaiting, WAITS } from '../sign-in/sign-in-state.ts'
import { announceTransition } from './announce-state.ts'

/** Returns whether an outcome may still be stored; this is called in the transaction that stores the outcome. */
export type MayKeep = (tx: Tx) => Promise<boolean>

/** Describes the outcome of a check, and the connection as it is known after the check. */
export type Check = { verification: VerificationResult; connection: Connection }

/**
 * Asks the carrier about the credentials in force and stores the answer: the state, the time, the next check, and one event and message for a change of state.
 * A caller who has seen that an access token is no longer good gives the fence number of that token as `seenFence`. Where another process has got a newer token since, the newer token is used, and no refresh token is spent.
 * An answer is not stored where the credentials, or settings that the carrier is asked with, were changed meanwhile, nor where `mayKeep` refuses.
 */
export async function checkConnection(
  ctx: Context,
  actor: Actor,
  connection: Connection,
  { mayKeep = always, seenFence }: { mayKeep?: MayKeep; seenFence?: number } = {},
): Promise<Check> {
  if (isWaiting(connection)) return { verification: WAITS, connection }
  if (!carrierOf(connection).verify?.mints) return check(ctx, actor, connection, { mayKeep, seenFence })
  const fence = await claimToken(ctx, actor, connection, { anyway: true })
  return fence === undefined
    ? check(ctx, actor, connection, { mayKeep })
    : checkClaimed(ctx, actor, connection, { fence, mayKeep })
}

const always: MayKeep = async () => true

/** Checks a connection for a caller who has the claim on its access token: a token that the carrier mints is stored with the answer, and the claim ends. */
export async function checkClaimed(
  ctx: Context,
  actor: Actor,
  connection: Connection,
  { fence, mayKeep = always }: { fence: number; mayKeep?: MayKeep },
): Promise<Check> {
  try {
    return await check(ctx, actor, connection, { mayKeep, fence })
  } catch (error) {
    await endClaimWithoutToken(ctx, actor, connection, { fence })
    throw error
  }
}

async function check(
  ctx: Context,
  actor: Actor,
  connection: Connection,
  { mayKeep, fence, seenFence }: { mayKeep: MayKeep; fence?: number; seenFence?: number | undefined },
): Promise<Check> {
  const carrier = carrierOf(connection)
  const opened = await openSealed(ctx, actor, (opener) => opener.contents(connection))
  const { credentials, settings } = opened.reveal()
  const values = valuesToVerify(credentials, settings)
  const verification = await verifyCredentials(ctx, actor, {
    carrier,
    values,
    carrierId: connection.carrier_id,
    held: { values, state: connection.state },
    ...(seenFence !== undefined && { seenFence }),
  })
  const now = await ctx.store.transaction(actor.tenantId, async (tx) => {
    if (fence !== undefined) await endClaim(ctx, tx, actor, { asked: connection, fence, verification })
    return verification.asked
      ? saveCheck(ctx, tx, actor, { asked: connection, verification, mayKeep })
      : connection
  })
  if (chooseLine(ctx, actor).hasOperator && isOperators(verification, connection, now))
    ctx.log.warn(
      { carrier: carrier.id, carrier_id: connection.carrier_id },
      'a carrier refuses what the operator of this server holds with it, not the merchant; webhooks are not told',
    )
  return { verification, connection: now }
}

/** Returns whether a check has just found that the operator has something to repair. */
function isOperators(
  { outcome }: VerificationResult,
  before: Connection,
  { diagnosis, state }: Connection,
): boolean {
  if (outcome !== 'platform_misconfigured' || diagnosis !== outcome) return false
  return diagnosis !== before.diagnosis || state !== before.state
}

/** Stores what the carrier said about a connection: the state, the time and the next check, with an event and a message where the state has changed. Nothing is stored where the credentials or settings that were asked about have changed, or where `mayKeep` refuses. Returns the connection as it is then. */
export async function saveCheck(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  {
    asked,
    verification,
    mayKeep = always,
  }: { asked: Connection; verification: VerificationResult; mayKeep?: MayKeep },
): Promise<Connection> {
  const key = connectionKey(actor, asked.carrier_id)
  const connection = await findConnection(tx, key)
  if (!connection) return refuseUnknownConnection()
  const rotated = verification.asked ? verification.rotated : undefined
  const isRotated = rotated?.from === asked.credentials_version
  const verifiedVersion = isRotated ? rotated.to : asked.credentials_version
  if (connection.credentials_version !== verifiedVersion) return connection
  const isOther = connection.settings_version !== asked.settings_version
  if (isOther && settingsToVerify(carrierOf(connection)).size > 0) return connection
  if (!(await mayKeep(tx))) return connection
  const { columns, nextCheckAt } = checkedAgain(ctx, verification, connection)
  await noteCheck(tx, key, columns)
  await planCheck(tx, key, connection.carrier, nextCheckAt)
  const { carrier_id: carrierId, version, state } = connection
  if (columns.state !== state)
    await recordEvent(ctx, tx, actor, {
      action: 'connection.checked',
      carrierId,
      version,
      fields: ['state'],
      changes: changesBetween({ state }, { state: columns.state }),
    })
  await announceTransition(ctx, tx, actor, { before: connection, after: columns })
  return { ...connection, ...columns }
}
