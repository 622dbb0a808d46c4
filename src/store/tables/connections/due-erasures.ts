import type { Db } from '../../db.ts'
import type { ConnectionKey } from '../../scope.ts'

/** What of a connection has come to its end: all of a deleted one, or the credentials before the current ones. */
export type Erasure = { kind: 'buried' | 'previous'; key: ConnectionKey; eraseAfter: string }

const TABLES = { buried: 'buried_connection', previous: 'previous_credentials' } as const

/** At most `limit` of each kind whose time has come at `at`, along the crossing `erase`. */
export async function listErasures(db: Db, at: string, limit: number): Promise<Erasure[]> {
  const due: Erasure[] = []
  for (const kind of ['buried', 'previous'] as const) {
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

/** How much of each kind is kept, how much of it should be gone at `at`, and when the next one goes; along the crossing `erase`. */
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
  return { buried: await count('buried'), previous: await count('previous') }
}
