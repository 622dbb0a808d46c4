import { recordEvent } from '../../audit/record-event.ts'
import type { Actor, Context, Scope } from '../../context.ts'
import { failFields } from '../../errors.ts'
import { Secret } from '../../secret.ts'
import {
  findApiKey,
  insertApiKey,
  listApiKeys,
  revokeApiKey,
  type ListedApiKey,
} from '../../store/tables/tenants/api-keys.ts'
import type { Tx } from '../../store/db.ts'
import type { Environment } from '../../store/schema/tables.ts'
import { requireScope } from '../../require-scope.ts'
import { isSameSecret, makeApiKey, parseApiKey } from './api-key-format.ts'
import { sayOver } from './key-end.ts'

/** What a new key is to be; one without an end says `null`, or nothing. */
export type NewKey = {
  environment: Environment
  scopes: readonly Scope[]
  description?: string
  expiresAt?: string | null
}

/** A key as it was made, and as it is listed from then on: the only time that its text is known. */
export type IssuedKey = { keyId: string; text: Secret<string>; createdAt: string; listed: ListedApiKey }

/** Makes a key for the actor's tenant; it works as soon as this returns. */
export async function createKey(ctx: Context, actor: Actor, wanted: NewKey): Promise<IssuedKey> {
  requireScope(actor, 'admin')
  const key = makeApiKey(wanted.environment)
  return ctx.store.transaction(actor.tenantId, (tx) => storeKey(ctx, tx, actor, wanted, key))
}

/** Stores a key in a transaction that does more than that; refuses one whose end has come. */
export async function storeKey(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  wanted: NewKey,
  key = makeApiKey(wanted.environment),
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

/** Ends a key of the actor's tenant and environment; `false` when there is no such key in force. */
export async function revokeKey(ctx: Context, actor: Actor, keyId: string): Promise<boolean> {
  requireScope(actor, 'admin')
  return ctx.store.transaction(actor.tenantId, (tx) => endKey(ctx, tx, actor, keyId))
}

/** Ends a key in a transaction that does more than that; `false` when there is no such key in force. */
export async function endKey(ctx: Context, tx: Tx, actor: Actor, keyId: string): Promise<boolean> {
  if (!(await revokeApiKey(tx, actor, keyId, ctx.clock().toISOString()))) return false
  await recordEvent(ctx, tx, actor, { action: 'api_key.revoked', subject: keyId })
  return true
}

/** The id of the key that has this text; `undefined` when its form or checksum is wrong, or no key was made here with it. */
export async function findKeyIdOf({ store }: Context, text: Secret<string>): Promise<string | undefined> {
  const claim = parseApiKey(text.reveal())
  if (!claim) return undefined
  const stored = await store.cross({ path: 'authenticate' }, (db) => findApiKey(db, claim.keyId))
  const isProved =
    isSameSecret(claim.secretHash, stored?.secret_hash) && stored?.environment === claim.environment
  return isProved ? claim.keyId : undefined
}

/** The keys of a tenant, revoked ones too, oldest first. */
export function keysOf({ store }: Context, tenantId: string): Promise<ListedApiKey[]> {
  return store.read(tenantId, (db) => listApiKeys(db, tenantId))
}

/** The keys of all tenants; for the operator. */
export function allKeys({ store }: Context): Promise<ListedApiKey[]> {
  return store.cross({ path: 'operate' }, (db) => listApiKeys(db))
}
