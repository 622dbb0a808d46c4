import { createHash, randomBytes } from 'node:crypto'
import type { Carrier } from '../../catalog/define.ts'
import type { SignIn } from '../../catalog/sign-in.ts'
import type { Actor, Context } from '../../context.ts'
import { sealVerifier } from '../../custody/sealed-values.ts'
import { Secret } from '../../secret.ts'
import type { SignInRow } from '../../store/schema/tables.ts'
import { chooseLine } from '../carrier/choose-line.ts'
import { signInOf } from './sign-in-state.ts'

/** A merchant has to come back from the carrier within this many milliseconds. */
const SIGN_IN_MS = 10 * 60_000

/** Carriers send merchants back to this path. */
export const RETURN_PATH = '/v1/sign_in/return'

/** Returns the SHA-256 of a state, which is stored in place of the state itself. */
export const hashState = (state: string): Buffer => createHash('sha256').update(state).digest()

/** Returns the address that carriers send merchants back to. */
export const returnUri = ({ config }: Pick<Context, 'config'>): string => config.publicUrl + RETURN_PATH

/** Describes a sign-in that is about to begin: where the merchant has to sign in, and the row that is stored until the merchant comes back. */
export type BegunSignIn = { location: string; row: SignInRow }

/** Prepares a sign-in for a connection; nothing is stored. The state and the verifier are new for each sign-in, and each is 256 random bits. */
export function prepareSignIn(
  ctx: Context,
  actor: Actor,
  { carrier, signIn, carrierId }: { carrier: Carrier; signIn: SignIn; carrierId: string },
): BegunSignIn {
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

/** Prepares a new sign-in for a connection that loses the earlier one; returns `undefined` where merchants cannot sign in at this carrier any more. */
export function beginInstead(
  ctx: Context,
  actor: Actor,
  carrier: Carrier,
  carrierId: string,
): BegunSignIn | undefined {
  const signIn = signInOf(ctx, carrier)
  return signIn && prepareSignIn(ctx, actor, { carrier, signIn, carrierId })
}
