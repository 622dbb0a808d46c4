import type { Actor, Context } from '../context.ts'
import { fail } from '../errors.ts'
import { findPartnerTenant } from '../store/tables/tenants/tenants.ts'
import type { Authenticated } from './authenticate.ts'
import { grants } from './scopes.ts'

/** Refuses the API key of a disabled account. With `onBehalfOf` a partner's key acts for an account that the partner created, and any other key is refused. */
export async function authorize(
  ctx: Context,
  own: Authenticated,
  onBehalfOf: string | undefined,
): Promise<Authenticated> {
  if (!own.isActive) fail('account_disabled', 'The account that this API key belongs to is disabled.')
  return onBehalfOf === undefined ? own : actFor(ctx, own, onBehalfOf)
}

async function actFor(ctx: Context, own: Authenticated, tenantId: string): Promise<Authenticated> {
  const { actor } = own
  const { tenantId: partnerId, environment } = actor
  const tenant = actor.scopes.has('partner')
    ? await ctx.store.cross({ path: 'partner', partnerId }, (db) =>
        findPartnerTenant(db, { partnerId, environment }, tenantId),
      )
    : undefined
  if (tenant?.active !== 1)
    return fail('on_behalf_refused', 'On-Behalf-Of names no account that this API key may act for.')
  return { ...own, actor: actOnBehalf(actor, tenantId) }
}

/** Returns the actor of a partner who acts for an account that the partner created; in this account the partner may do everything that the account's own keys may. */
export const actOnBehalf = (partner: Actor, tenantId: string): Actor => ({
  ...partner,
  tenantId,
  scopes: grants(['admin']),
})
