import type { Carrier } from '../../catalog/define.ts'
import {
  canVerify,
  verify,
  type CarrierAnswer,
  type Material,
  type MintedToken,
} from '../../catalog/verification.ts'
import type { Actor, Context } from '../../context.ts'
import { materialOf } from '../carrier/ask-once.ts'
import { chooseLine } from '../carrier/choose-line.ts'
import { refreshSignIn, type RefreshRequest, type CredentialsRotation } from './refresh-token.ts'

type Account = { carrier: Carrier; values: Material['values'] }

/** Asks the carrier about the account of a merchant who has signed in, with an access token of the merchant’s own; never rejects for what the carrier answers. */
export async function askSignedIn(
  ctx: Context,
  actor: Actor,
  { carrier, values, carrierId, ...refresh }: Account & { carrierId: string } & RefreshRequest,
): Promise<CarrierAnswer & { rotated?: CredentialsRotation }> {
  const { which, until } = refresh
  const refreshed = await refreshSignIn(ctx, actor, carrierId, refresh)
  if ('answer' in refreshed) return refreshed.answer
  const { minted, rotated } = refreshed
  // An access token that earlier credentials minted is stored when they come back into force, and not before.
  const beside = which === 'in force' ? { rotated } : { minted }
  return { ...(await askAccount(ctx, actor, { carrier, values, minted, until })), ...beside }
}

/** Asks the carrier about an account with the merchant’s own access token; never rejects for what the carrier answers. */
export async function askAccount(
  ctx: Context,
  actor: Actor,
  { carrier, values, minted: { token }, until }: Account & { minted: MintedToken; until: number },
): Promise<CarrierAnswer> {
  const recipe = carrier.signIn?.verify
  const call = recipe && chooseLine(ctx, actor).open({ carrier, recipe, values, until })
  if (!call || !canVerify(recipe, values, call.operator))
    return { outcome: 'inconclusive', because: 'The sign-in stands; the account was not asked about.' }
  return verify(recipe, { ...materialOf(ctx, values, call.operator), token }, call.ask)
}
