import type { Actor, Context } from '../context.ts'
import { fail } from '../errors.ts'
import { requireScope } from '../require-scope.ts'
import { carrierOf, requireConnection } from './request/require.ts'

/** Refuses to fund an account, always: an account is the tenant’s own at the carrier, and Hawser holds no money for it. */
export async function refuseFunding(ctx: Context, actor: Actor, carrierId: string): Promise<never> {
  requireScope(actor, 'write')
  const connection = await requireConnection(ctx, actor, { mode: 'parcel', carrierId })
  const { title } = carrierOf(connection)
  return fail('funding_unsupported', `${title} accounts are funded at the carrier, not here.`, { carrierId })
}
