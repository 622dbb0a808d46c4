import { changesBetween } from '../audit/changes.ts'
import { REFRESH_TOKEN, type SignIn } from '../catalog/sign-in.ts'
import type { Minted } from '../catalog/verification.ts'
import { NO_PERMISSION, type Actor, type ActorName, type Context } from '../context.ts'
import type { Opener } from '../custody/opener.ts'
import { changeSealed, openSealed } from '../custody/open-sealed.ts'
import { fail } from '../errors.ts'
import type { Secret } from '../secret.ts'
import { findConnection } from '../store/tables/connections/connections.ts'
import type { Tx } from '../store/db.ts'
import type { Connection, SignInRow } from '../store/schema/tables.ts'
import { findSignIn, takeSignIn } from '../store/tables/connections/sign-ins.ts'
import { findTenant } from '../store/tables/tenants/tenants.ts'
import { askOnce, endOfProof, materialOf } from './carrier/ask-carrier.ts'
import { hashState, RETURN_PATH, returnUri } from './sign-in/prepare-sign-in.ts'
import { chooseLine } from './carrier/choose-line.ts'
import { later } from '../time.ts'
import { checkedNever } from './verification/next-check.ts'
import { proveSignIn } from './prove-sign-in.ts'
import { replaceCredentials, type Contents } from './change/replace-credentials.ts'
import { carrierOf, keyOf } from './request/require.ts'
import { saveConnection } from './change/save-connection.ts'
import { signInOf } from './sign-in/sign-in-state.ts'

/** What a merchant’s browser brings back, as it came. */
export type Return = { state: unknown; code: unknown; requestId: string; ip: string }

/** 256 bits in base64url. */
const STATE = /^[A-Za-z0-9_-]{43}$/
const LONGEST_CODE = 2_048

/**
 * Finishes the sign-in that this state belongs to: the state is taken once, the code is exchanged once, and the connection is approved.
 * Once what came back is kept the carrier is asked about the account, which the merchant may not be the owner of; that decides the state.
 * Whatever is wrong answers one and the same refusal, and leaves the connection as it was.
 */
export async function finishSignIn(ctx: Context, { state, code, requestId, ip }: Return): Promise<void> {
  if (!isState(state) || typeof code !== 'string' || code === '' || code.length > LONGEST_CODE)
    return refuse()
  const stateHash = hashState(state)
  const found = await ctx.store.cross({ path: 'sign_in', stateHash }, (db) => findSignIn(db, stateHash))
  if (!found) return refuse()
  const { tenant_id: tenantId, environment, carrier_id: carrierId } = found
  const scopes = NO_PERMISSION
  const nobody: Actor = { tenantId, environment, name: 'system', scopes, requestId, ip }
  const taken = await ctx.store.transaction(tenantId, (tx) => take(ctx, tx, nobody, carrierId, stateHash))
  const signIn = taken && signInOf(ctx, carrierOf(taken.connection))
  if (!taken || !signIn) return refuse()
  const actor = { ...nobody, name: taken.row.begun_by as ActorName }
  const grant = await exchange(ctx, actor, signIn, taken, code)
  const kept =
    grant &&
    (await changeSealed(ctx, actor, (tx, opener) => keep(ctx, tx, actor, opener, { carrierId, ...grant })))
  if (!kept) return refuse()
  if (grant.minted) await proveSignIn(ctx, actor, kept, grant.minted)
}

/** Where the sandbox sends a merchant who would have signed in at the carrier: straight back, with a code for what was asked. */
export function approveInSandbox(ctx: Context, asked: Readonly<Record<string, unknown>>): string {
  const { state } = asked
  if (!isState(state)) return refuse()
  const query = new URLSearchParams({ code: ctx.simulator.authorize(asked), state })
  return `${ctx.config.publicUrl}${RETURN_PATH}?${query.toString()}`
}

const isState = (state: unknown): state is string => typeof state === 'string' && STATE.test(state)

const refuse = (): never => fail('sign_in_refused', 'The sign-in did not succeed; begin it again.')

type Taken = { row: SignInRow; connection: Connection }

async function take(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  carrierId: string,
  stateHash: Buffer,
): Promise<Taken | undefined> {
  const tenant = await findTenant(tx, actor.tenantId)
  if (tenant?.active !== 1) return undefined
  const key = keyOf(actor, carrierId)
  const row = await takeSignIn(tx, key, stateHash, ctx.clock().toISOString())
  const connection = await findConnection(tx, key)
  return row && connection && { row, connection }
}

async function exchange(
  ctx: Context,
  actor: Actor,
  signIn: SignIn,
  { row, connection }: Taken,
  code: string,
): Promise<{ token: Secret<string>; minted: Minted | undefined } | undefined> {
  const opened = await openSealed(ctx, actor, (opener) => opener.credentials(connection))
  const values = opened.reveal()
  const carrier = carrierOf(connection)
  const call = chooseLine(ctx, actor).open({ carrier, recipe: signIn, values, until: endOfProof() })
  if (!call) return undefined
  const sealed = await openSealed(ctx, actor, (opener) => opener.verifier(connection, row.verifier))
  const verifier = sealed.reveal()
  const material = materialOf(ctx, values, call.operator)
  const approval = { code, verifier, redirectUri: returnUri(ctx) }
  const answer = await askOnce(signIn.exchange, { ...material, approval }, call.ask)
  if ('reading' in answer && answer.reading.refreshToken)
    return { token: answer.reading.refreshToken, minted: answer.reading.minted }
  const outcome = 'finding' in answer ? answer.finding.outcome : 'inconclusive'
  ctx.log.warn({ carrier_id: row.carrier_id, outcome }, 'a sign-in came back and its code was not exchanged')
  return undefined
}

/** When the account is asked about, should this process not come to it. */
const SOON_MS = 60_000

/** `undefined` when the connection has gone meanwhile. */
async function keep(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  opener: Opener,
  { carrierId, token }: { carrierId: string; token: Secret<string> },
): Promise<Connection | undefined> {
  const key = keyOf(actor, carrierId)
  const connection = await findConnection(tx, key)
  if (!connection) return undefined
  const held = opener.contents(connection).reveal() as Contents
  const credentials = { ...held.credentials, [REFRESH_TOKEN]: token.reveal() }
  const { connection_status } = connection
  const status = 'approved'
  await saveConnection(ctx, tx, actor, {
    before: connection,
    after: {
      credentials: replaceCredentials(ctx, connection, held, { ...held, credentials }),
      status,
      checked: { ...checkedNever(ctx, connection), nextCheckAt: later(ctx.clock(), SOON_MS) },
    },
    event: {
      action: 'connection.signed_in',
      fields: [REFRESH_TOKEN],
      changes: changesBetween({ connection_status }, { connection_status: status }),
    },
  })
  return findConnection(tx, key)
}
