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

/** An actor, until when its key counts, and when that was used last, as far as it is on record. */
export type Authenticated = {
  actor: Actor
  keyId: string
  isActive: boolean
  expiresAt: string | null
  lastUsedAt: string | null
}

/** Why a key does not count; `actor` is of the account whose key it is or claims to be. */
export type Unauthenticated = {
  refusal: 'key_absent' | 'key_malformed' | 'key_unknown' | 'key_revoked' | 'key_expired'
  actor?: Actor
  keyId?: string
}

/** Who a key stands for, or why it stands for nobody. */
export type Identity = Authenticated | Unauthenticated

/**
 * Finds who presents this key, and whether the key still counts; asks the database every time, so that a revoked key fails at once.
 * That a key was revoked or has expired is told to whoever has its secret; to anybody else it is unknown.
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

/** Refuses the key of a disabled account. With `onBehalfOf` a partner's key acts for an account that the partner created. */
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
  return { ...own, actor: onBehalf(actor, tenantId) }
}

/** The partner as he acts for an account that he created: there he may do all that its own keys may. */
export const onBehalf = (partner: Actor, tenantId: string): Actor => ({
  ...partner,
  tenantId,
  scopes: grants(['admin']),
})
