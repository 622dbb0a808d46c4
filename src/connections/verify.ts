import type { Actor, Context } from '../context.ts'
import { requireScope } from '../require-scope.ts'
import { adviseOnVerification, adviseOnConnection, type Advice } from './verification/advice.ts'
import { checkConnection, type Check } from './verification/check-connection.ts'
import { requireNamed, type Named } from './request/named.ts'

/** Asks the carrier about a connection now, and stores the answer. */
export async function verifyConnection(
  ctx: Context,
  actor: Actor,
  named: Named,
): Promise<Check & { advice: Advice }> {
  requireScope(actor, 'write')
  const { connection, carrier } = await requireNamed(ctx, actor, named)
  const check = await checkConnection(ctx, actor, connection)
  const isAsked = check.verification.asked
  return {
    ...check,
    advice: isAsked
      ? adviseOnConnection(ctx, actor, check.connection, { carrier })
      : adviseOnVerification(check.verification),
  }
}
