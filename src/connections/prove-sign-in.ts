import type { Minted } from '../catalog/verification.ts'
import type { Actor, Context } from '../context.ts'
import { openCredentials, openSettings } from '../custody/sealed-values.ts'
import type { Connection } from '../store/schema.ts'
import { askAccount } from './ask-signed-in.ts'
import { keepFinding, warnOperator } from './check.ts'
import { limitAttempts } from './limit-attempts.ts'
import { carrierOf } from './require.ts'
import { provable } from './values.ts'

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
    const credentials = openCredentials(ctx, connection).reveal()
    const values = provable(credentials, openSettings(ctx, connection).reveal())
    const at = ctx.clock()
    const ask = () => askAccount(ctx, actor, carrier, values, minted)
    const isSandbox = actor.environment === 'sandbox'
    const finding = isSandbox ? await ask() : await limitAttempts(ctx, actor, carrier, values, ask)
    const proof = { ...finding, asked: true, at } as const
    const now = await ctx.store.transaction(actor.tenantId, (tx) =>
      keepFinding(ctx, tx, actor, connection, proof),
    )
    warnOperator(ctx, actor, proof, connection, now)
  } catch (error) {
    const { carrier_id } = connection
    ctx.log.warn({ err: error, carrier_id }, 'the account of a sign-in could not be asked about')
  }
}
