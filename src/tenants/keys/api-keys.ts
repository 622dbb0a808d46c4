import { recordEvent } from '../../audit/record-event.ts'
import type { Actor, Context, Scope } from '../../context.ts'
import { failFields } from '../../errors.ts'
import { Secret } from '../../secret.ts'
import {
  findApiKey,
  insertApiKey,
  listApiKeys,
  listEveryApiKey,
  revokeApiKey,
  type ListedApiKey,
} from '../../store/tables/tenants/api-keys.ts'
import type { Tx } from '../../store/db.ts'
import type { Environment } from '../../store/schema/tables.ts'
import { requireScope } from '../../require-scope.ts'
import { isSameSecret, makeApiKey, parseApiKey } from './api-key-format.ts'
import { sayOver } from './key-end.ts'

/** `NewKey` describes an API key that is to be made; a key without an end has `expiresAt` `null` or absent. */
export type NewKey = {
  environment: Environment
  scopes: readonly Scope[]
  description?: string
  expiresAt?: string | null
}

/** An issued key is an API key that was just made, with its text, which is known only now, and its row in listings. */
export type IssuedKey = { keyId: string; text: Secret<string>; createdAt: string; listed: ListedApiKey }

/** Makes an API key for the actor's tenant; the key works as soon as this function returns. */
export async function createKey(ctx: Context, actor: Actor, wanted: NewKey): Promise<IssuedKey> {
  requireScope(actor, 'admin')
  const key = makeApiKey(wanted.environment)
  return ctx.store.transaction(actor.tenantId, (tx) => storeKey(ctx, tx, actor, { wanted, key }))
}

type KeyToStore = { wanted: NewKey; key?: ReturnType<typeof makeApiKey> }

/** Stores an API key in the caller's transaction; refuses a key whose end is not in the future. */
export async function storeKey(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { wanted, key = makeApiKey(wanted.environment) }: KeyToStore,
): Promise<IssuedKey> {
  const createdAt = ctx.clock().toISOString()
  const expiresAt = wanted.expiresAt ?? null
  if (expiresAt !== null && expiresAt <= createdAt) failFields([ENDED])
  const listed = {
    key_id: key.keyId,
    tenant_id: actor.tenantId,
    environment: wanted.environment,
    scopes: wanted.scopes.join(','),
    description: wanted.description ?? null,
    created_at: createdAt,
    created_by: actor.name,
    expires_at: expiresAt,
    revoked_at: null,
    last_used_at: null,
  }
  await insertApiKey(tx, { ...listed, secret_hash: key.secretHash })
  await recordEvent(
    ctx,
    tx,
    { ...actor, environment: wanted.environment },
    {
      action: 'api_key.created',
      subject: key.keyId,
    },
  )
  return { keyId: key.keyId, text: new Secret(key.text), createdAt, listed }
}

const ENDED = {
  kind: 'invalid',
  field: 'expires_at',
  message: sayOver('expires_at'),
} as const

/** Revokes an API key of the actor's tenant and environment; returns `false` where there is no such key in force. */
export async function revokeKey(ctx: Context, actor: Actor, keyId: string): Promise<boolean> {
  requireScope(actor, 'admin')
  return ctx.store.transaction(actor.tenantId, (tx) => endKey(ctx, tx, actor, keyId))
}

/** Revokes an API key of the actor's tenant and environment in the caller's transaction; returns `false` where there is no such key in force. */
export async function endKey(ctx: Context, tx: Tx, actor: Actor, keyId: string): Promise<boolean> {
  if (!(await revokeApiKey(tx, actor, keyId, ctx.clock().toISOString()))) return false
  await recordEvent(ctx, tx, actor, { action: 'api_key.revoked', subject: keyId })
  return true
}

/** Finds the id of the API key with this text; returns `undefined` where the form or checksum is wrong, or where this installation made no such key. */
export async function findKeyIdOf({ store }: Context, text: Secret<string>): Promise<string | undefined> {
  const claim = parseApiKey(text.reveal())
  if (!claim) return undefined
  const stored = await store.cross({ path: 'authenticate' }, (db) => findApiKey(db, claim.keyId))
  const isProved =
    isSameSecret(claim.secretHash, stored?.secret_hash) && stored?.environment === claim.environment
  return isProved ? claim.keyId : undefined
}

/** Lists the API keys of a tenant, revoked ones too, oldest first. */
export function listKeys({ store }: Context, tenantId: string): Promise<ListedApiKey[]> {
  return store.read(tenantId, (db) => listApiKeys(db, tenantId))
}

/** Lists the API keys of all tenants for the operator. */
export function listAllKeys({ store }: Context): Promise<ListedApiKey[]> {
  return store.cross({ path: 'operate' }, (db) => listEveryApiKey(db))
}
