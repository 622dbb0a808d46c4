import { NO_PERMISSION, type Actor, type Context } from '../context.ts'
import type { Secret } from '../secret.ts'
import { findApiKey } from '../store/tables/tenants/api-keys.ts'
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

/** An unauthenticated request has the reason why its API key is not valid; `actor` belongs to the account whose key it is or claims to be. */
export type Unauthenticated = {
  refusal: 'key_absent' | 'key_malformed' | 'key_unknown' | 'key_revoked' | 'key_expired'
  actor?: Actor
  keyId?: string
}

/** An identity says who presents an API key, or why the key is not valid. */
export type Identity = Authenticated | Unauthenticated

/**
 * Finds who presents an API key and whether the key is still valid; the database is read every time, so that a revoked key fails at once.
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
