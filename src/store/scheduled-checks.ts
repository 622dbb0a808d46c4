import type { ConnectionKey } from './connections.ts'
import type { Tx } from './db.ts'

/** When a connection is to be checked next, in place of what was planned before; `null` plans nothing. */
export async function planCheck(
  tx: Tx,
  { tenantId, environment, carrierId }: ConnectionKey,
  carrier: string,
  dueAt: string | null,
): Promise<void> {
  const key = { tenant_id: tenantId, environment, carrier_id: carrierId }
  if (dueAt === null) {
    await tx
      .deleteFrom('scheduled_check')
      .where((eb) => eb.and(key))
      .execute()
    return
  }
  await tx
    .insertInto('scheduled_check')
    .values({ ...key, carrier, due_at: dueAt, claimed_until: null, fence: 0 })
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'environment', 'carrier_id'])
        .doUpdateSet({ due_at: dueAt, claimed_until: null }),
    )
    .execute()
}
