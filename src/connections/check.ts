import { recordEvent } from '../audit/record-event.ts'
import type { Actor, Context } from '../context.ts'
import { openCredentials } from '../custody/sealed-values.ts'
import { findConnection, noteCheck } from '../store/connections.ts'
import type { Tx } from '../store/db.ts'
import { planCheck } from '../store/scheduled-checks.ts'
import type { Connection, ConnectionState } from '../store/schema.ts'
import { announce } from '../webhooks/announce.ts'
import type { EventType } from '../webhooks/events.ts'
import { checkedAgain } from './check-times.ts'
import type { Proof } from './findings.ts'
import { guardIntegrity } from './guard-integrity.ts'
import { prove } from './prove.ts'
import { carrierOf, keyOf, refuseUnknown } from './require.ts'
import { abandonToken, claimToken, settleToken } from './token-claim.ts'

/** What a check found, and the connection as it is known after it. */
export type Check = { proof: Proof; connection: Connection }

/**
 * Asks the carrier about the credentials in force and keeps what it says: state, time, when to ask again, and one event and message for a change of state.
 * What the carrier said of credentials that were replaced meanwhile is not kept.
 */
export async function checkConnection(ctx: Context, actor: Actor, connection: Connection): Promise<Check> {
  if (!carrierOf(connection).verify?.mints) return check(ctx, actor, connection)
  const fence = await claimToken(ctx, actor, connection, 'anyway')
  return fence === undefined ? check(ctx, actor, connection) : checkClaimed(ctx, actor, connection, fence)
}

/** The same by who has the claim on the connection's access token: what the carrier mints is kept with what it says, and the claim ends. */
export async function checkClaimed(
  ctx: Context,
  actor: Actor,
  connection: Connection,
  fence: number,
): Promise<Check> {
  try {
    return await check(ctx, actor, connection, fence)
  } catch (error) {
    await abandonToken(ctx, actor, connection, fence)
    throw error
  }
}

async function check(ctx: Context, actor: Actor, connection: Connection, fence?: number): Promise<Check> {
  const carrier = carrierOf(connection)
  const opened = await guardIntegrity(ctx, actor, connection.carrier_id, async () =>
    openCredentials(ctx, connection),
  )
  const proof = await prove(ctx, actor, carrier, opened.reveal())
  const now = await ctx.store.transaction(actor.tenantId, async (tx) => {
    if (fence !== undefined) await settleToken(ctx, tx, actor, connection, fence, proof)
    return proof.asked ? keepFinding(ctx, tx, actor, connection, proof) : connection
  })
  return { proof, connection: now }
}

async function keepFinding(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  asked: Connection,
  proof: Proof,
): Promise<Connection> {
  const key = keyOf(actor, asked.carrier_id)
  const connection = await findConnection(tx, key)
  if (!connection) return refuseUnknown()
  if (connection.credentials_version !== asked.credentials_version) return connection
  const { columns, nextCheckAt } = checkedAgain(ctx, proof, connection)
  await noteCheck(tx, key, columns)
  await planCheck(tx, key, connection.carrier, nextCheckAt)
  if (columns.state !== connection.state) await tellTransition(ctx, tx, actor, connection, columns.state)
  return { ...connection, ...columns }
}

async function tellTransition(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { carrier_id: carrierId, version, state: before }: Connection,
  state: ConnectionState,
): Promise<void> {
  await recordEvent(ctx, tx, actor, { action: 'connection.checked', carrierId, version, fields: ['state'] })
  const type = messageFor(before, state)
  if (type) await announce(ctx, tx, actor, { type, carrierId, details: { state, previous_state: before } })
}

/** One message for each change that somebody would act on. */
function messageFor(before: ConnectionState, state: ConnectionState): EventType | undefined {
  if (state === 'needs_reauth' || state === 'action_required') return 'connection.needs_reauth'
  if (state === 'degraded') return 'connection.degraded'
  return before === 'unverified' ? undefined : 'connection.recovered'
}
