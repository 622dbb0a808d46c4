import type { Db } from '../../db.ts'
import type { ConnectionKey } from '../../scope.ts'

/** An erasure names what is due to be erased: a deleted connection, or the previous credentials of a connection. */
export type Erasure = { kind: 'deleted' | 'previous'; key: ConnectionKey; eraseAfter: string }

const TABLES = { deleted: 'deleted_connection', previous: 'previous_credentials' } as const

/** Lists at most `limit` erasures of each kind that are due at `at`, on the crossing `erase`. */
export async function listErasures(db: Db, at: string, limit: number): Promise<Erasure[]> {
  const due: Erasure[] = []
  for (const kind of ['deleted', 'previous'] as const) {
    const rows = await db
      .selectFrom(TABLES[kind])
      .select(['tenant_id', 'environment', 'carrier_id', 'erase_after'])
      .where('erase_after', '<=', at)
      .orderBy('erase_after')
      .limit(limit)
      .execute()
    for (const { tenant_id: tenantId, environment, carrier_id: carrierId, erase_after: eraseAfter } of rows)
      due.push({ kind, key: { tenantId, environment, carrierId }, eraseAfter })
  }
  return due
}

/** Counts for each kind, on the crossing `erase`, how many rows are kept and how many are overdue at `at`, and returns when the next row is due. */
export async function countErasures(
  db: Db,
  at: string,
): Promise<Record<Erasure['kind'], { kept: number; overdue: number; next: string | null }>> {
  const count = async (kind: Erasure['kind']) => {
    const { kept, next } = await db
      .selectFrom(TABLES[kind])
      .select((eb) => [eb.fn.countAll<number>().as('kept'), eb.fn.min('erase_after').as('next')])
      .executeTakeFirstOrThrow()
    const { overdue } = await db
      .selectFrom(TABLES[kind])
      .select((eb) => eb.fn.countAll<number>().as('overdue'))
      .where('erase_after', '<=', at)
      .executeTakeFirstOrThrow()
    return { kept, overdue, next }
  }
  return { deleted: await count('deleted'), previous: await count('previous') }
}
