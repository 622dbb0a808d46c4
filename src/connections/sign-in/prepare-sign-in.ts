import { createHash, randomBytes } from 'node:crypto'
import type { Carrier } from '../../catalog/define.ts'
import type { SignIn } from '../../catalog/sign-in.ts'
import type { Actor, Context } from '../../context.ts'
import { sealVerifier } from '../../custody/sealed-values.ts'
import { Secret } from '../../secret.ts'
import type { SignInRow } from '../../store/schema/tables.ts'
import { chooseLine } from '../carrier/choose-line.ts'
import { signInOf } from './sign-in-state.ts'

/** How long a merchant has to come back, in milliseconds. */
const SIGN_IN_MS = 10 * 60_000

/** Carriers send merchants back to this path. */
export const RETURN_PATH = '/v1/sign_in/return'

/** What is stored of a state: its SHA-256. */
export const hashState = (state: string): Buffer => createHash('sha256').update(state).digest()

/** The address that carriers send merchants back to. */
export const returnUri = ({ config }: Pick<Context, 'config'>): string => config.publicUrl + RETURN_PATH

/** A sign-in that is about to begin: where to send the merchant, and what is kept until he comes back. */
export type Begun = { location: string; row: SignInRow }

/** Prepares a sign-in for a connection under a state and a verifier of its own, 256 random bits each; nothing is stored yet. */
export function prepareSignIn(
  ctx: Context,
  actor: Actor,
  carrier: Carrier,
  signIn: SignIn,
  carrierId: string,
): Begun {
  const { tenantId: tenant_id, environment, name } = actor
  const state = randomBytes(32).toString('base64url')
  const verifier = randomBytes(32).toString('base64url')
  const key = { tenant_id, environment, carrier_id: carrierId }
  const line = chooseLine(ctx, actor)
  const page = signIn.authorize({
    operator: line.operatorValues(signIn),
    redirectUri: returnUri(ctx),
    state,
    challenge: createHash('sha256').update(verifier).digest('base64url'),
  })
  return {
    location: line.signInLocation(page),
    row: {
      ...key,
      state_hash: hashState(state),
      verifier: sealVerifier(ctx, { ...key, carrier: carrier.id }, new Secret(verifier)),
      begun_by: name,
      expires_at: new Date(ctx.clock().getTime() + SIGN_IN_MS).toISOString(),
    },
  }
}

/** Prepares the sign-in that a connection needs which loses the one before; `undefined` where nobody signs in there any more. */
export function beginInstead(
  ctx: Context,
  actor: Actor,
  carrier: Carrier,
  carrierId: string,
): Begun | undefined {
  const signIn = signInOf(ctx, carrier)
  return signIn && prepareSignIn(ctx, actor, carrier, signIn, carrierId)
}
