import type { Actor, Context, Scope } from '../context.ts'
import { fail } from '../errors.ts'
import type { Secret } from '../secret.ts'
import { findApiKey } from '../store/api-keys.ts'
import { findPartnerTenant } from '../store/tenants.ts'
import { isSameSecret, parseApiKey } from './api-key-format.ts'
import { grants, parseScopes } from './scopes.ts'

type Presented = {
  key: Secret<string> | undefined
  onBehalfOf: string | undefined
  requestId: string
  ip: string
}

/** An actor and what its key may do. */
export type Authenticated = { actor: Actor; keyId: string; scopes: ReadonlySet<Scope> }

/**
 * Finds who presents this key, and whether the key still counts; asks the database every time, so that a revoked key fails at once.
 * With `onBehalfOf` a partner's key acts for an account that the partner created.
 */
export async function authenticate(ctx: Context, presented: Presented): Promise<Authenticated> {
  const claim = presented.key && parseApiKey(presented.key.reveal())
  if (!claim) return refuseKey()
  const stored = await ctx.store.cross({ path: 'authenticate' }, (db) => findApiKey(db, claim.keyId))
  const proved = isSameSecret(claim.secretHash, stored?.secret_hash)
  if (!stored || !proved || stored.environment !== claim.environment) return refuseKey()
  const now = ctx.clock().toISOString()
  if (stored.revoked_at !== null || (stored.expires_at !== null && stored.expires_at <= now))
    return refuseKey()
  if (stored.tenant_active !== 1)
    fail('account_disabled', 'The account that this API key belongs to is disabled.')
  const actor = {
    tenantId: stored.tenant_id,
    environment: stored.environment,
    name: `key:${stored.key_id}`,
    requestId: presented.requestId,
    ip: presented.ip,
  }
  const own = { actor, keyId: stored.key_id, scopes: grants(parseScopes(stored.scopes)) }
  return presented.onBehalfOf === undefined ? own : actFor(ctx, own, presented.onBehalfOf)
}

async function actFor(
  ctx: Context,
  { actor, keyId, scopes }: Authenticated,
  tenantId: string,
): Promise<Authenticated> {
  const partnerId = actor.tenantId
  const tenant = scopes.has('partner')
    ? await ctx.store.cross({ path: 'partner', partnerId }, (db) =>
        findPartnerTenant(db, partnerId, tenantId),
      )
    : undefined
  if (tenant?.active !== 1)
    return fail('on_behalf_refused', 'On-Behalf-Of names no account that this API key may act for.')
  return { actor: { ...actor, tenantId }, keyId, scopes: grants(['admin']) }
}

const refuseKey = (): never =>
  fail('key_refused', 'The API key is missing or not valid; send a current one in the API-Key header.')
