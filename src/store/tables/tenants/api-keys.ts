import type { Insertable } from 'kysely'
import type { Db, Tx } from '../../db.ts'
import { inSpan } from '../../in-span.ts'
import { findPage, PART, type PageSpan } from '../../pages.ts'
import type { ApiKey, Schema } from '../../schema/tables.ts'
import type { TenantScope } from '../../scope.ts'

/** A listed API key is a key without the hash of its secret. */
export type ListedApiKey = Omit<ApiKey, 'secret_hash'>

/** Adds an API key. */
export async function insertApiKey(tx: Tx, row: Insertable<Schema['api_key']>): Promise<void> {
  await tx.insertInto('api_key').values(row).execute()
}

/** Finds the API key with this id; `tenant_active` says whether the key's tenant is active. */
export function findApiKey(db: Db, keyId: string): Promise<(ApiKey & { tenant_active: 0 | 1 }) | undefined> {
  return db
    .selectFrom('api_key')
    .innerJoin('tenant', 'tenant.tenant_id', 'api_key.tenant_id')
    .selectAll('api_key')
    .select('tenant.active as tenant_active')
    .where('api_key.key_id', '=', keyId)
    .executeTakeFirst()
}

/** Says whether the installation has any API key. */
export async function hasApiKeys(db: Db): Promise<boolean> {
  return (await db.selectFrom('api_key').select('key_id').limit(1).executeTakeFirst()) !== undefined
}

/** Lists the API keys of one tenant, oldest first. */
export function listApiKeys(db: Db, tenantId: string): Promise<ListedApiKey[]> {
  return db
    .selectFrom('api_key')
    .select(LISTED)
    .where('tenant_id', '=', tenantId)
    .orderBy('created_at')
    .orderBy('key_id')
    .execute()
}

/** Lists the API keys of all tenants on the crossing `operate`, oldest first. */
export function listEveryApiKey(db: Db): Promise<ListedApiKey[]> {
  return db.selectFrom('api_key').select(LISTED).orderBy('created_at').orderBy('key_id').execute()
}

/** Finds the descriptions of the given API keys, leaving out keys that do not belong to the tenant. */
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

const LISTED = [
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
] as const

/** Returns one page of a tenant's API keys in one environment, revoked ones too, oldest first, and their number. */
export function pageApiKeys(
  db: Db,
  { tenantId, environment }: TenantScope,
  page: { limit: number; offset: number },
): Promise<{ rows: ListedApiKey[]; total: number }> {
  const within = (span: PageSpan<Place>) =>
    db
      .selectFrom('api_key')
      .where((eb) => eb.and({ tenant_id: tenantId, environment }))
      .where(inSpan(PLACE, span, 'ascending'))
  return findPage<ListedApiKey, Place>(page, {
    boundary: (after) =>
      within({ after })
        .select(['created_at', 'key_id'])
        .orderBy('created_at')
        .orderBy('key_id')
        .offset(PART - 1)
        .limit(1)
        .executeTakeFirst(),
    count: async (span) => {
      const counted = within(span).select((eb) => eb.fn.countAll<number>().as('count'))
      return (await counted.executeTakeFirstOrThrow()).count
    },
    rows: (span, { limit, offset }) =>
      within(span)
        .select(LISTED)
        .orderBy('created_at')
        .orderBy('key_id')
        .limit(limit)
        .offset(offset)
        .execute(),
  })
}

type Place = Pick<ApiKey, 'created_at' | 'key_id'>
const PLACE = ['created_at', 'key_id'] as const

/** Finds when an API key of the tenant and environment was revoked and when the key expires; returns `undefined` where there is no key with this id. */
export function findKeyLife(
  db: Db,
  { tenantId, environment }: TenantScope,
  keyId: string,
): Promise<Pick<ApiKey, 'revoked_at' | 'expires_at'> | undefined> {
  return db
    .selectFrom('api_key')
    .select(['revoked_at', 'expires_at'])
    .where((eb) => eb.and({ tenant_id: tenantId, environment, key_id: keyId }))
    .executeTakeFirst()
}

/** Writes the time of the last use of an API key of the tenant, unless the row has the same or a later time. */
export async function noteKeyUse(tx: Tx, tenantId: string, keyId: string, at: string): Promise<void> {
  await tx
    .updateTable('api_key')
    .set({ last_used_at: at })
    .where((eb) => eb.and({ tenant_id: tenantId, key_id: keyId }))
    .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', at)]))
    .execute()
}

/** Revokes an API key of the tenant and environment at `at`; returns `false` where there is no key with this id or the key was revoked before. */
export async function revokeApiKey(
  tx: Tx,
  { tenantId, environment }: TenantScope,
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
