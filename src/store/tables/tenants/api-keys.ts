import type { ExpressionBuilder, Insertable } from 'kysely'
import type { Db, Tx } from '../../db.ts'
import { findPage, PART, type Span } from '../../pages.ts'
import type { ApiKey, Schema } from '../../schema/tables.ts'
import type { Scope } from '../../scope.ts'

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
    .select(LISTED)
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

const LISTED = [
  ...(['key_id', 'tenant_id', 'environment', 'scopes', 'description'] as const),
  ...(['created_at', 'created_by', 'expires_at', 'revoked_at', 'last_used_at'] as const),
] as const

/** One page of the keys of a tenant in one environment, revoked ones too, oldest first, and how many there are. */
export function pageApiKeys(
  db: Db,
  { tenantId, environment }: Scope,
  page: { limit: number; offset: number },
): Promise<{ rows: ListedApiKey[]; total: number }> {
  const within = ({ after, last }: Span<Place>) =>
    db
      .selectFrom('api_key')
      .where((eb) => eb.and({ tenant_id: tenantId, environment }))
      .$if(after !== undefined, (query) => query.where((eb) => eb(placeOf(eb), '>', tupleOf(eb, after))))
      .$if(last !== undefined, (query) => query.where((eb) => eb(placeOf(eb), '<=', tupleOf(eb, last))))
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
type InKeys = ExpressionBuilder<Schema, 'api_key'>

const placeOf = (eb: InKeys) => eb.refTuple('created_at', 'key_id')
const tupleOf = (eb: InKeys, place: Place | undefined) =>
  eb.tuple(place?.created_at ?? '', place?.key_id ?? '')

/** When the key of the tenant and environment was revoked, and when it ends; `undefined` when there is none of this id. */
export function findKeyLife(
  db: Db,
  { tenantId, environment }: Scope,
  keyId: string,
): Promise<Pick<ApiKey, 'revoked_at' | 'expires_at'> | undefined> {
  return db
    .selectFrom('api_key')
    .select(['revoked_at', 'expires_at'])
    .where((eb) => eb.and({ tenant_id: tenantId, environment, key_id: keyId }))
    .executeTakeFirst()
}

/** Writes down when a key of the tenant was used last, unless the same or a later time stands there. */
export async function noteKeyUse(tx: Tx, tenantId: string, keyId: string, at: string): Promise<void> {
  await tx
    .updateTable('api_key')
    .set({ last_used_at: at })
    .where((eb) => eb.and({ tenant_id: tenantId, key_id: keyId }))
    .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', at)]))
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
