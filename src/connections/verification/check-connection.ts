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
import type { Proof } from '../carrier/proof.ts'
import { provedSettings } from '../form/carrier-forms.ts'
import { prove } from './verify-credentials.ts'
import { carrierOf, keyOf, refuseUnknown } from '../request/require.ts'
import { provable } from '../form/values.ts'
import { abandonToken, claimToken, settleToken } from '../tokens/token-lock.ts'
import { isWaiting, WAITS } from '../sign-in/sign-in-state.ts'
import { tellTransition } from './announce-state.ts'

/** Whether what was found may still be kept, asked in the transaction that keeps it. */
export type MayKeep = (tx: Tx) => Promise<boolean>

/** What a check found, and the connection as it is known after it. */
export type Check = { proof: Proof; connection: Connection }

/**
 * Asks the carrier about the credentials in force and keeps what it says: state, time, when to ask again, and one event and message for a change of state.
 * Who has seen an access token end asks with the fence of that: what another has got since stands for it, and a refresh token is not spent again.
 * What the carrier said of credentials that were replaced meanwhile, or of settings that it is asked with, is not kept, nor what `mayKeep` refuses.
 */
export async function checkConnection(
  ctx: Context,
  actor: Actor,
  connection: Connection,
  { mayKeep = always, seenFence }: { mayKeep?: MayKeep; seenFence?: number } = {},
): Promise<Check> {
  if (isWaiting(connection)) return { proof: WAITS, connection }
  if (!carrierOf(connection).verify?.mints)
    return check(ctx, actor, connection, mayKeep, undefined, seenFence)
  const fence = await claimToken(ctx, actor, connection, 'anyway')
  return fence === undefined
    ? check(ctx, actor, connection, mayKeep)
    : checkClaimed(ctx, actor, connection, fence, mayKeep)
}

const always: MayKeep = async () => true

/** The same by who has the claim on the connection's access token: what the carrier mints is kept with what it says, and the claim ends. */
export async function checkClaimed(
  ctx: Context,
  actor: Actor,
  connection: Connection,
  fence: number,
  mayKeep: MayKeep = always,
): Promise<Check> {
  try {
    return await check(ctx, actor, connection, mayKeep, fence)
  } catch (error) {
    await abandonToken(ctx, actor, connection, fence)
    throw error
  }
}

async function check(
  ctx: Context,
  actor: Actor,
  connection: Connection,
  mayKeep: MayKeep,
  fence?: number,
  seenFence?: number,
): Promise<Check> {
  const carrier = carrierOf(connection)
  const opened = await openSealed(ctx, actor, (opener) => opener.contents(connection))
  const { credentials, settings } = opened.reveal()
  const values = provable(credentials, settings)
  const proof = await prove(ctx, actor, {
    carrier,
    values,
    carrierId: connection.carrier_id,
    held: { values, state: connection.state },
    ...(seenFence !== undefined && { seenFence }),
  })
  const now = await ctx.store.transaction(actor.tenantId, async (tx) => {
    if (fence !== undefined) await settleToken(ctx, tx, actor, connection, fence, proof)
    return proof.asked ? keepFinding(ctx, tx, actor, connection, proof, mayKeep) : connection
  })
  if (chooseLine(ctx, actor).hasOperator && isOperators(proof, connection, now))
    ctx.log.warn(
      { carrier: carrier.id, carrier_id: connection.carrier_id },
      'a carrier refuses what the operator of this server holds with it, not the merchant; webhooks are not told',
    )
  return { proof, connection: now }
}

/** Whether it has just come out that the operator has something to repair. */
function isOperators({ outcome }: Proof, before: Connection, { diagnosis, state }: Connection): boolean {
  if (outcome !== 'platform_misconfigured' || diagnosis !== outcome) return false
  return diagnosis !== before.diagnosis || state !== before.state
}

/** Keeps what the carrier said of a connection that was asked about, if that still stands: state, time and next check, with the event and the message of a change; answers the connection as it is known then. */
export async function keepFinding(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  asked: Connection,
  proof: Proof,
  mayKeep: MayKeep = always,
): Promise<Connection> {
  const key = keyOf(actor, asked.carrier_id)
  const connection = await findConnection(tx, key)
  if (!connection) return refuseUnknown()
  const { from, to } = (proof.asked && proof.rotated) || { from: -1, to: -1 }
  const proved = from === asked.credentials_version ? to : asked.credentials_version
  if (connection.credentials_version !== proved) return connection
  const isOther = connection.settings_version !== asked.settings_version
  if (isOther && provedSettings(carrierOf(connection)).size > 0) return connection
  if (!(await mayKeep(tx))) return connection
  const { columns, nextCheckAt } = checkedAgain(ctx, proof, connection)
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
  await tellTransition(ctx, tx, actor, connection, columns)
  return { ...connection, ...columns }
}
