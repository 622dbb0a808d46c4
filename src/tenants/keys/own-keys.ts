import type { Actor, Body, Context } from '../../context.ts'
import { fail } from '../../errors.ts'
import { findKeyLife, pageApiKeys, type ListedApiKey } from '../../store/tables/tenants/api-keys.ts'
import type { Tx } from '../../store/db.ts'
import { requireScope } from '../../require-scope.ts'
import { endKey, storeKey, type IssuedKey } from './api-keys.ts'
import { acceptKey, type ActingKey } from './key-form.ts'

export type KeyPage = { keys: ListedApiKey[]; total: number; page: number; pages: number }

/** Returns one page of the account’s API keys in the environment of the acting key, revoked ones too, oldest first. */
export async function listOwnKeys(
  { store }: Context,
  actor: Actor,
  { page, size }: { page: number; size: number },
): Promise<KeyPage> {
  requireScope(actor, 'admin')
  const { rows, total } = await store.read(actor.tenantId, (db) =>
    pageApiKeys(db, actor, { limit: size, offset: (page - 1) * size }),
  )
  return { keys: rows, total, page, pages: Math.ceil(total / size) }
}

/** Makes an API key of the account in the environment of the acting key. The new key may do no more than the acting key, and ends no later. */
export async function createOwnKey(
  ctx: Context,
  actor: Actor,
  { acting, body }: { acting: ActingKey; body: Body },
): Promise<IssuedKey> {
  requireScope(actor, 'admin')
  const wanted = acceptKey(body().reveal(), acting, ctx.clock())
  return ctx.store.transaction(actor.tenantId, async (tx) => {
    await requireInForce(ctx, tx, actor, acting)
    return storeKey(ctx, tx, actor, { wanted })
  })
}

/** Revokes an API key of the account in the environment of the acting key; a key that was revoked before stays as it is. Refuses a key that would revoke itself, and an unknown key. */
export async function revokeOwnKey(
  ctx: Context,
  actor: Actor,
  { acting, keyId }: { acting: ActingKey; keyId: string },
): Promise<void> {
  requireScope(actor, 'admin')
  if (isOwn(actor, acting) && keyId === acting.keyId)
    fail('key_revokes_itself', 'An API key does not revoke itself; use another key, or the command line.')
  await ctx.store.transaction(actor.tenantId, async (tx) => {
    await requireInForce(ctx, tx, actor, acting)
    if (!(await findKeyLife(tx, actor, keyId)))
      fail('api_key_unknown', 'The account has no API key of this id.')
    await endKey(ctx, tx, actor, keyId)
  })
}

/** Says whether the acting API key belongs to the account itself; the key of a partner who acts for an account does not. */
const isOwn = ({ tenantId }: Actor, acting: ActingKey): boolean => tenantId === acting.tenantId

/** Refuses an acting API key of the account that was revoked or has expired meanwhile; otherwise two keys could revoke each other at the same time, and a revoked key could make a new one. */
async function requireInForce(ctx: Context, tx: Tx, actor: Actor, acting: ActingKey): Promise<void> {
  if (!isOwn(actor, acting)) return
  const life = await findKeyLife(tx, actor, acting.keyId)
  if (life?.revoked_at !== null) fail('key_revoked', 'The API key has been revoked.')
  if (life.expires_at !== null && life.expires_at <= ctx.clock().toISOString())
    fail('key_expired', 'The API key has expired.')
}
