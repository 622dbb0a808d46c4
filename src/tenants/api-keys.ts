import { recordEvent } from '../audit/record-event.ts'
import type { Actor, Context, Scope } from '../context.ts'
import { Secret } from '../secret.ts'
import { insertApiKey, listApiKeys, revokeApiKey, type ListedApiKey } from '../store/api-keys.ts'
import type { Tx } from '../store/db.ts'
import type { Environment } from '../store/schema.ts'
import { makeApiKey } from './api-key-format.ts'

type NewKey = { environment: Environment; scopes: readonly Scope[]; description?: string; expiresAt?: string }

/** A key as it was made: the only time that its text is known. */
export type IssuedKey = { keyId: string; text: Secret<string>; createdAt: string }

/** Makes a key for the actor's tenant; it works as soon as this returns. */
export function createKey(ctx: Context, actor: Actor, wanted: NewKey): Promise<IssuedKey> {
  const key = makeApiKey(wanted.environment)
  return ctx.store.transaction(actor.tenantId, (tx) => storeKey(ctx, tx, actor, wanted, key))
}

/** Stores a key in a transaction that does more than that. */
export async function storeKey(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  wanted: NewKey,
  key = makeApiKey(wanted.environment),
): Promise<IssuedKey> {
  const createdAt = ctx.clock().toISOString()
  await insertApiKey(tx, {
    key_id: key.keyId,
    tenant_id: actor.tenantId,
    environment: wanted.environment,
    scopes: wanted.scopes.join(','),
    secret_hash: key.secretHash,
    description: wanted.description ?? null,
    created_at: createdAt,
    created_by: actor.name,
    expires_at: wanted.expiresAt ?? null,
    revoked_at: null,
    last_used_at: null,
  })
  await recordEvent(
    ctx,
    tx,
    { ...actor, environment: wanted.environment },
    {
      action: 'api_key.created',
      subject: key.keyId,
    },
  )
  return { keyId: key.keyId, text: new Secret(key.text), createdAt }
}

/** Ends a key of the actor's tenant and environment; `false` when there is no such key in force. */
export function revokeKey(ctx: Context, actor: Actor, keyId: string): Promise<boolean> {
  return ctx.store.transaction(actor.tenantId, async (tx) => {
    if (!(await revokeApiKey(tx, actor, keyId, ctx.clock().toISOString()))) return false
    await recordEvent(ctx, tx, actor, { action: 'api_key.revoked', subject: keyId })
    return true
  })
}

/** The keys of a tenant, revoked ones too, oldest first. */
export function keysOf({ store }: Context, tenantId: string): Promise<ListedApiKey[]> {
  return store.read(tenantId, (db) => listApiKeys(db, tenantId))
}

/** The keys of all tenants; for the operator. */
export function allKeys({ store }: Context): Promise<ListedApiKey[]> {
  return store.cross({ path: 'operate' }, (db) => listApiKeys(db))
}
