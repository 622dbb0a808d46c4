import { changesBetween } from '../audit/changes.ts'
import { REFRESH_TOKEN, type SignIn } from '../catalog/sign-in.ts'
import type { MintedToken } from '../catalog/verification.ts'
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
import { askOnce, verificationDeadline, materialOf } from './carrier/ask-once.ts'
import { hashState, RETURN_PATH, returnUri } from './sign-in/prepare-sign-in.ts'
import { chooseLine } from './carrier/choose-line.ts'
import { later } from '../time.ts'
import { checkedNever } from './verification/next-check.ts'
import { valuesToVerify } from './form/values.ts'
import { askAccount } from './sign-in/verify-signed-in.ts'
import { saveCheck } from './verification/check-connection.ts'
import { replaceCredentials, type ConnectionValues } from './change/replace-credentials.ts'
import { carrierOf, connectionKey } from './request/require.ts'
import { saveConnection } from './change/save-connection.ts'
import { signInOf } from './sign-in/sign-in-state.ts'

/** Describes the unchecked values that a merchant’s browser brings back from the carrier. */
export type SignInReturn = { state: unknown; code: unknown; requestId: string; ip: string }

/** The state of a sign-in has this form: 256 bits in base64url. */
const STATE = /^[A-Za-z0-9_-]{43}$/
const LONGEST_CODE = 2_048

/**
 * Finishes the sign-in that the parameter `state` belongs to: the state is used once, the code is exchanged once, and the connection is approved.
 * After the refresh token is stored, the carrier is asked about the account, since the merchant may not own it; the answer decides the new state of the connection. Where the exchange gave no access token, the planned check asks later.
 * Every error is answered with one and the same refusal, and leaves the connection as it was.
 */
export async function finishSignIn(
  ctx: Context,
  { state, code, requestId, ip }: SignInReturn,
): Promise<void> {
  if (!isState(state) || typeof code !== 'string' || code === '' || code.length > LONGEST_CODE)
    return refuse()
  const stateHash = hashState(state)
  const found = await ctx.store.cross({ path: 'sign_in', stateHash }, (db) => findSignIn(db, stateHash))
  if (!found) return refuse()
  const { tenant_id: tenantId, environment, carrier_id: carrierId } = found
  const scopes = NO_PERMISSION
  const nobody: Actor = { tenantId, environment, name: 'system', scopes, requestId, ip }
  const taken = await ctx.store.transaction(tenantId, (tx) => take(ctx, tx, nobody, { carrierId, stateHash }))
  const signIn = taken && signInOf(ctx, carrierOf(taken.connection))
  if (!taken || !signIn) return refuse()
  const actor = { ...nobody, name: taken.row.begun_by as ActorName }
  const grant = await exchange(ctx, actor, taken, { signIn, code })
  const kept =
    grant &&
    (await changeSealed(ctx, actor, (tx, opener) =>
      keep(ctx, tx, actor, { opener, carrierId, token: grant.token }),
    ))
  if (!kept) return refuse()
  if (grant.minted) await verifySignIn(ctx, actor, kept, grant.minted)
}

/** Returns the address to which the sandbox sends a merchant in place of the carrier’s sign-in page: the return address, with a code that stands for the values in `asked`. */
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
  { carrierId, stateHash }: { carrierId: string; stateHash: Buffer },
): Promise<Taken | undefined> {
  const tenant = await findTenant(tx, actor.tenantId)
  if (tenant?.active !== 1) return undefined
  const key = connectionKey(actor, carrierId)
  const row = await takeSignIn(tx, key, stateHash, ctx.clock().toISOString())
  const connection = await findConnection(tx, key)
  return row && connection && { row, connection }
}

async function exchange(
  ctx: Context,
  actor: Actor,
  { row, connection }: Taken,
  { signIn, code }: { signIn: SignIn; code: string },
): Promise<{ token: Secret<string>; minted: MintedToken | undefined } | undefined> {
  const opened = await openSealed(ctx, actor, (opener) => opener.credentials(connection))
  const values = opened.reveal()
  const carrier = carrierOf(connection)
  const call = chooseLine(ctx, actor).open({ carrier, recipe: signIn, values, until: verificationDeadline() })
  if (!call) return undefined
  const sealed = await openSealed(ctx, actor, (opener) => opener.verifier(connection, row.verifier))
  const verifier = sealed.reveal()
  const material = materialOf(ctx, values, call.operator)
  const approval = { code, verifier, redirectUri: returnUri(ctx) }
  const reply = await askOnce(signIn.exchange, { ...material, approval }, call.ask)
  if ('words' in reply && reply.words.refreshToken)
    return { token: reply.words.refreshToken, minted: reply.words.minted }
  const outcome = 'answer' in reply ? reply.answer.outcome : 'inconclusive'
  ctx.log.warn({ carrier_id: row.carrier_id, outcome }, 'a sign-in came back and its code was not exchanged')
  return undefined
}

/** The check after a sign-in is planned for this many milliseconds later, in case this process ends before it has asked about the account. */
const SOON_MS = 60_000

/** Stores the refresh token of a sign-in and approves the connection; returns `undefined` when the connection was deleted meanwhile. */
async function keep(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { opener, carrierId, token }: { opener: Opener; carrierId: string; token: Secret<string> },
): Promise<Connection | undefined> {
  const key = connectionKey(actor, carrierId)
  const connection = await findConnection(tx, key)
  if (!connection) return undefined
  const held = opener.contents(connection).reveal() as ConnectionValues
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

/**
 * Asks the carrier about the account of a merchant who has just signed in, with the access token of that sign-in, and stores the answer.
 * Never rejects: the sign-in stays in force, and the planned check asks again where the carrier could not be asked or the answer could not be stored.
 */
async function verifySignIn(
  ctx: Context,
  actor: Actor,
  connection: Connection,
  minted: MintedToken,
): Promise<void> {
  try {
    const carrier = carrierOf(connection)
    const opened = await openSealed(ctx, actor, (opener) => opener.contents(connection))
    const { credentials, settings } = opened.reveal()
    const values = valuesToVerify(credentials, settings)
    const at = ctx.clock()
    const until = verificationDeadline()
    const recipe = carrier.signIn?.verify
    const ask = () => askAccount(ctx, actor, { carrier, values, minted, until })
    const attempt = { carrier, recipe, values, until }
    const answer = await chooseLine(ctx, actor).limitAttempts(actor, attempt, ask)
    await ctx.store.transaction(actor.tenantId, (tx) =>
      saveCheck(ctx, tx, actor, { asked: connection, verification: { ...answer, asked: true, at } }),
    )
  } catch (error) {
    const { carrier_id } = connection
    ctx.log.warn({ err: error, carrier_id }, 'the account of a sign-in could not be asked about')
  }
}
