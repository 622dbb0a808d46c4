import type { MintedToken } from '../catalog/verification.ts'
import type { Actor, Context } from '../context.ts'
import { openSealed } from '../custody/open-sealed.ts'
import type { Connection } from '../store/schema/tables.ts'
import { verificationDeadline } from './carrier/ask-carrier.ts'
import { askAccount } from './sign-in/verify-signed-in.ts'
import { saveCheck } from './verification/check-connection.ts'
import { chooseLine } from './carrier/choose-line.ts'
import { carrierOf } from './request/require.ts'
import { valuesToVerify } from './form/values.ts'

/**
 * Asks the carrier about the account of a merchant who has just signed in, with the access token of that sign-in, and stores the answer.
 * Never rejects: the sign-in stays in force, and the planned check asks again where the carrier could not be asked or the answer could not be stored.
 */
export async function verifySignIn(
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
