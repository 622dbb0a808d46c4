import { recordEvent } from '../audit/record-event.ts'
import type { Carrier } from '../catalog/define.ts'
import type { Values } from '../catalog/validate.ts'
import type { Actor, Context } from '../context.ts'
import { openCredentials } from '../custody/sealed-values.ts'
import { fail } from '../errors.ts'
import { Secret } from '../secret.ts'
import { findConnection } from '../store/connections.ts'
import type { Connection } from '../store/schema.ts'
import { diagnose, nextStep } from './findings.ts'
import { guardIntegrity } from './guard-integrity.ts'
import { keyOf, refuseUnknown } from './require.ts'
import { withoutSignIn } from './signed-in.ts'
import { requireNamed, type Named } from './verify.ts'

/** How long a lease is good for, in seconds: usually, at least and at most. */
export const LEASE_SECONDS = { usual: 300, least: 30, most: 3_600 }

/** Credentials on their way out, for as long as `expiresAt` says; then they are to be asked for again. */
export type Lease = {
  connection: Connection
  carrier: Carrier
  expiresAt: string
  values: Secret<Values>
}

type Request = Named & { seconds: number; anyState: boolean }

/**
 * Hands out the credentials in force: the one door through which a secret leaves.
 * It is on record before anything is opened. What a sign-in left stays here: a refresh token is spent by whoever uses it. A connection that the carrier refuses, or that waits for its approval, is refused (409) unless `anyState`.
 */
export async function leaseCredentials(ctx: Context, actor: Actor, request: Request): Promise<Lease> {
  const { carrier } = await requireNamed(ctx, actor, request)
  const { carrierId } = request
  const connection = await ctx.store.transaction(actor.tenantId, async (tx) => {
    const found = (await findConnection(tx, keyOf(actor, carrierId))) ?? refuseUnknown()
    if (!request.anyState) requireUsable(found)
    await recordEvent(ctx, tx, actor, { action: 'connection.leased', carrierId, version: found.version })
    return found
  })
  const values = await guardIntegrity(
    ctx,
    actor,
    carrierId,
    async () => new Secret(withoutSignIn(openCredentials(ctx, connection).reveal() as Values)),
  )
  const expiresAt = new Date(ctx.clock().getTime() + request.seconds * 1_000).toISOString()
  return { connection, carrier, expiresAt, values }
}

function requireUsable({ state, diagnosis, connection_status }: Connection): void {
  if (connection_status === 'pending_approval')
    fail('connection_unusable', 'The connection waits for the sign-in at the carrier.')
  if (state === 'needs_reauth')
    fail(
      'connection_unusable',
      [diagnose(diagnosis), nextStep(diagnosis)].filter(Boolean).join(' ') || 'It has to be updated first.',
    )
}
