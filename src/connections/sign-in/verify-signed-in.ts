import type { Carrier } from '../../catalog/define.ts'
import { canVerify, verify, type Finding, type Material, type Minted } from '../../catalog/verification.ts'
import type { Actor, Context } from '../../context.ts'
import { endOfProof, materialOf } from '../carrier/ask-carrier.ts'
import { chooseLine } from '../carrier/choose-line.ts'
import { refreshSignIn, type Refresh, type Rotation } from './refresh-token.ts'

/** Asks about the account of a merchant who has signed in, under an access token of the merchant’s own; never rejects for what the carrier answers. */
export async function askSignedIn(
  ctx: Context,
  actor: Actor,
  carrier: Carrier,
  values: Material['values'],
  { carrierId, ...refresh }: { carrierId: string } & Refresh,
): Promise<Finding & { rotated?: Rotation }> {
  const { kept, until } = refresh
  const refreshed = await refreshSignIn(ctx, actor, carrierId, refresh)
  if ('finding' in refreshed) return refreshed.finding
  const { minted, rotated } = refreshed
  // What earlier credentials minted is kept when they come back into force, and not before.
  const beside = kept === 'in force' ? { rotated } : { minted }
  return { ...(await askAccount(ctx, actor, carrier, values, minted, until)), ...beside }
}

/** Asks about the account under an access token of the merchant’s own; never rejects for what the carrier answers. */
export async function askAccount(
  ctx: Context,
  actor: Actor,
  carrier: Carrier,
  values: Material['values'],
  { token }: Minted,
  until = endOfProof(),
): Promise<Finding> {
  const recipe = carrier.signIn?.verify
  const call = recipe && chooseLine(ctx, actor).open({ carrier, recipe, values, until })
  if (!call || !canVerify(recipe, values, call.operator))
    return { outcome: 'inconclusive', because: 'The sign-in stands; the account was not asked about.' }
  return verify(recipe, { ...materialOf(ctx, values, call.operator), token }, call.ask)
}
