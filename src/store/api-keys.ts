import type { Insertable } from 'kysely'
import type { Scope } from './connections.ts'
import type { Db, Tx } from './db.ts'
import type { ApiKey, Schema } from './schema.ts'

/** What a listing shows of a key: never its hash. */
export type ListedApiKey = Omit<ApiKey, 'secret_hash'>

/** Adds a key. */
export async function insertApiKey(tx: Tx, row: Insertable<Schema['api_key']>): Promise<void> {
  await tx.insertInto('api_key').values(row).execute()
}

/** The key with this id together with whether its tenant is active. */
export function findApiKey(db: Db, keyId: string): Promise<(ApiKey & { tenant_active: 0 | 1 }) | undefined> {
  return db
    .selectFrom('api_key')
    .innerJoin('tenant', 'tenant.tenant_id', 'api_key.tenant_id')
    .selectAll('api_key')
    .select('tenant.active as tenant_active')
    .where('api_key.key_id', '=', keyId)
    .executeTakeFirst()
}

/** Whether there is any key yet. */
export async function hasApiKeys(db: Db): Promise<boolean> {
  return (await db.selectFrom('api_key').select('key_id').limit(1).executeTakeFirst()) !== undefined
}

/** The keys of one tenant, or of all tenants along the operator's path, oldest first. */
export function listApiKeys(db: Db, tenantId?: string): Promise<ListedApiKey[]> {
  return db
    .selectFrom('api_key')
    .select([
      'key_id',
      'tenant_id',
      'environment',
      'scopes',
      'description',
      'created_at',
      'created_by',
      'expires_at',
      'revoked_at',
      'last_used_at',
    ])
    .$if(tenantId !== undefined, (query) => query.where('tenant_id', '=', tenantId ?? ''))
    .orderBy('created_at')
    .orderBy('key_id')
    .execute()
}

/** What is said of these keys, of those of them that are the tenant's. */
export async function findKeyDescriptions(
  db: Db,
  tenantId: string,
  keyIds: readonly string[],
): Promise<Pick<ApiKey, 'key_id' | 'description'>[]> {
  if (keyIds.length === 0) return []
  return db
    .selectFrom('api_key')
    .select(['key_id', 'description'])
    .where('tenant_id', '=', tenantId)
    .where('key_id', 'in', keyIds)
    .execute()
}

/** Revokes a key of the tenant and environment from now on; `false` when there is none of this id, or it was revoked before. */
export async function revokeApiKey(
  tx: Tx,
  { tenantId, environment }: Scope,
  keyId: string,
  at: string,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('api_key')
    .set({ revoked_at: at })
    .where((eb) => eb.and({ tenant_id: tenantId, environment, key_id: keyId }))
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
