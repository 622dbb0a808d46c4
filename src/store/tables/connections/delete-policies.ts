import type { Db, Tx } from '../../db.ts'
import type { DeletePolicy } from '../../schema/tables.ts'
import type { TenantScope } from '../../scope.ts'

/** Finds the delete policy of a tenant in one environment, where the tenant has set one. */
export function findDeletePolicy(
  db: Db,
  { tenantId, environment }: TenantScope,
): Promise<DeletePolicy | undefined> {
  return db
    .selectFrom('delete_policy')
    .selectAll()
    .where((eb) => eb.and({ tenant_id: tenantId, environment }))
    .executeTakeFirst()
}

/** Writes the delete policy of a tenant in one environment over the earlier one. */
export async function writeDeletePolicy(
  tx: Tx,
  { tenantId: tenant_id, environment }: TenantScope,
  policy: Omit<DeletePolicy, 'tenant_id' | 'environment'>,
): Promise<void> {
  await tx
    .insertInto('delete_policy')
    .values({ tenant_id, environment, ...policy })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'environment']).doUpdateSet(policy))
    .execute()
}
