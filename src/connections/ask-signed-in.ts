import type { Carrier } from '../catalog/define.ts'
import { canVerify, verify, type Finding, type Material } from '../catalog/verification.ts'
import type { Actor, Context } from '../context.ts'
import { lineTo, materialOf } from './ask-carrier.ts'
import { refreshSignIn, type Known, type Rotation } from './refresh-sign-in.ts'

/** Asks about the account of a merchant who has signed in, under an access token of the merchant’s own; never rejects for what the carrier answers. */
export async function askSignedIn(
  ctx: Context,
  actor: Actor,
  carrier: Carrier,
  values: Material['values'],
  carrierId: string,
  until: number,
  seen: Known,
): Promise<Finding & { rotated?: Rotation }> {
  const refreshed = await refreshSignIn(ctx, actor, carrierId, until, seen)
  if ('finding' in refreshed) return refreshed.finding
  const { minted, rotated } = refreshed
  const recipe = carrier.mode === 'parcel' ? carrier.signIn?.verify : undefined
  const line = recipe && lineTo(ctx, actor, carrier, recipe, values, until)
  if (!line || !canVerify(recipe, values, line.operator))
    return {
      outcome: 'inconclusive',
      because: 'The sign-in stands; the account was not asked about.',
      rotated,
    }
  const material = { ...materialOf(ctx, values, line.operator), token: minted.token }
  return { ...(await verify(recipe, material, line.ask)), rotated }
}
