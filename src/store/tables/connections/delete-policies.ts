import type { Db, Tx } from '../../db.ts'
import type { DeletePolicy } from '../../schema/tables.ts'
import type { Scope } from '../../scope.ts'

/** What a tenant has decided about deletes in one environment, if anything. */
export function findDeletePolicy(
  db: Db,
  { tenantId, environment }: Scope,
): Promise<DeletePolicy | undefined> {
  return db
    .selectFrom('delete_policy')
    .selectAll()
    .where((eb) => eb.and({ tenant_id: tenantId, environment }))
    .executeTakeFirst()
}

/** Puts a decision in the place of the one before. */
export async function writeDeletePolicy(
  tx: Tx,
  { tenantId: tenant_id, environment }: Scope,
  policy: Omit<DeletePolicy, 'tenant_id' | 'environment'>,
): Promise<void> {
  await tx
    .insertInto('delete_policy')
    .values({ tenant_id, environment, ...policy })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'environment']).doUpdateSet(policy))
    .execute()
}
