import type { Minted } from '../catalog/verification.ts'
import type { Actor, Context } from '../context.ts'
import { openSealed } from '../custody/open-sealed.ts'
import type { Connection } from '../store/schema/tables.ts'
import { endOfProof } from './carrier/ask-carrier.ts'
import { askAccount } from './sign-in/verify-signed-in.ts'
import { keepFinding } from './verification/check-connection.ts'
import { chooseLine } from './carrier/choose-line.ts'
import { carrierOf } from './request/require.ts'
import { provable } from './form/values.ts'

/**
 * Asks about the account of a merchant who has just signed in, under the access token that came with it, and keeps what the carrier says.
 * Never rejects: the sign-in stands, and what could not be asked or kept is left to the check that is planned.
 */
export async function proveSignIn(
  ctx: Context,
  actor: Actor,
  connection: Connection,
  minted: Minted,
): Promise<void> {
  try {
    const carrier = carrierOf(connection)
    const opened = await openSealed(ctx, actor, (opener) => opener.contents(connection))
    const { credentials, settings } = opened.reveal()
    const values = provable(credentials, settings)
    const at = ctx.clock()
    const until = endOfProof()
    const recipe = carrier.signIn?.verify
    const ask = () => askAccount(ctx, actor, carrier, values, minted, until)
    const attempt = { carrier, recipe, values, until }
    const finding = await chooseLine(ctx, actor).limitAttempts(actor, attempt, ask)
    await ctx.store.transaction(actor.tenantId, (tx) =>
      keepFinding(ctx, tx, actor, connection, { ...finding, asked: true, at }),
    )
  } catch (error) {
    const { carrier_id } = connection
    ctx.log.warn({ err: error, carrier_id }, 'the account of a sign-in could not be asked about')
  }
}
