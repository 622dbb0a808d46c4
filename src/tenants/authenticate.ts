import { NO_PERMISSION, type Actor, type Context } from '../context.ts'
import { fail } from '../errors.ts'
import type { Secret } from '../secret.ts'
import { findApiKey } from '../store/tables/tenants/api-keys.ts'
import { findPartnerTenant } from '../store/tables/tenants/tenants.ts'
import { isSameSecret, parseApiKey } from './keys/api-key-format.ts'
import { grants, parseScopes } from './scopes.ts'

type Presented = {
  key: Secret<string> | undefined
  requestId: string
  ip: string
}

/** An authenticated request has an actor, the end of the actor's API key, and the last use of the key that is on record. */
export type Authenticated = {
  actor: Actor
  keyId: string
  isActive: boolean
  expiresAt: string | null
  lastUsedAt: string | null
}

/** An unauthenticated request has the reason why its API key does not count; `actor` belongs to the account whose key it is or claims to be. */
export type Unauthenticated = {
  refusal: 'key_absent' | 'key_malformed' | 'key_unknown' | 'key_revoked' | 'key_expired'
  actor?: Actor
  keyId?: string
}

/** An identity says who presents an API key, or why the key does not count. */
export type Identity = Authenticated | Unauthenticated

/**
 * Finds who presents an API key and whether the key still counts; the database is read every time, so that a revoked key fails at once.
 * Only a caller with the key's secret learns that the key was revoked or has expired; for any other caller the key is unknown.
 */
export async function authenticate(ctx: Context, presented: Presented): Promise<Identity> {
  const { key, requestId, ip } = presented
  if (!key || key.reveal() === '') return { refusal: 'key_absent' }
  const claim = parseApiKey(key.reveal())
  if (!claim) return { refusal: 'key_malformed' }
  const stored = await ctx.store.cross({ path: 'authenticate' }, (db) => findApiKey(db, claim.keyId))
  const proved = isSameSecret(claim.secretHash, stored?.secret_hash)
  if (!stored) return { refusal: 'key_unknown' }
  const { key_id: keyId, tenant_id: tenantId, environment } = stored
  const scopes = grants(parseScopes(stored.scopes))
  const actor: Actor = { tenantId, environment, name: `key:${keyId}`, scopes, requestId, ip }
  if (!proved || environment !== claim.environment)
    return { refusal: 'key_unknown', keyId, actor: { ...actor, name: 'anonymous', scopes: NO_PERMISSION } }
  if (stored.revoked_at !== null) return { refusal: 'key_revoked', keyId, actor }
  if (stored.expires_at !== null && stored.expires_at <= ctx.clock().toISOString())
    return { refusal: 'key_expired', keyId, actor }
  return {
    actor,
    keyId,
    isActive: stored.tenant_active === 1,
    expiresAt: stored.expires_at,
    lastUsedAt: stored.last_used_at,
  }
}

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
