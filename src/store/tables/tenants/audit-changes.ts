import type { Db, Tx } from '../../db.ts'
import type { AuditChange } from '../../schema/tables.ts'
import type { ConnectionKey } from '../../scope.ts'

/** Rows that one statement looks at or removes. */
const PART = 500

/** Keeps what an event changed, sealed, beside the event. */
export async function insertAuditChange(tx: Tx, row: AuditChange): Promise<void> {
  await tx.insertInto('audit_change').values(row).execute()
}

/** What is kept of the changes of these events of a tenant. */
export async function listChangesOf(
  db: Db,
  tenantId: string,
  seqs: readonly number[],
): Promise<AuditChange[]> {
  if (seqs.length === 0) return []
  return db
    .selectFrom('audit_change')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('seq', 'in', seqs)
    .execute()
}

/** What is kept of the changes of a tenant's events after one, and up to another where one is named; the oldest first. */
export function readAuditChanges(
  db: Db,
  tenantId: string,
  { after, lastSeq, limit }: { after: number; lastSeq?: number; limit: number },
): Promise<AuditChange[]> {
  return db
    .selectFrom('audit_change')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('seq', '>', after)
    .$if(lastSeq !== undefined, (query) => query.where('seq', '<=', lastSeq ?? 0))
    .orderBy('seq')
    .limit(limit)
    .execute()
}

/** Erases what is kept of the changes of one connection, all of it, a part at a time; the events stay. */
export async function eraseChangesOf(
  tx: Tx,
  { tenantId, environment, carrierId }: ConnectionKey,
): Promise<void> {
  for (let after = 0; ;) {
    const events = await tx
      .selectFrom('audit_event')
      .select('seq')
      .where((eb) => eb.and({ tenant_id: tenantId, carrier_id: carrierId, environment }))
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(PART)
      .execute()
    const last = events.at(-1)
    if (!last) return
    await removeChanges(
      tx,
      tenantId,
      events.map(({ seq }) => seq),
    )
    after = last.seq
  }
}

/** Erases what is kept of the changes of a tenant, all of it, a part at a time; the events stay. */
export async function eraseEveryChange(tx: Tx, tenantId: string): Promise<void> {
  for (;;) {
    const rows = await tx
      .selectFrom('audit_change')
      .select('seq')
      .where('tenant_id', '=', tenantId)
      .orderBy('seq')
      .limit(PART)
      .execute()
    if (rows.length === 0) return
    await removeChanges(
      tx,
      tenantId,
      rows.map(({ seq }) => seq),
    )
  }
}

async function removeChanges(tx: Tx, tenantId: string, seqs: readonly number[]): Promise<void> {
  await tx.deleteFrom('audit_change').where('tenant_id', '=', tenantId).where('seq', 'in', seqs).execute()
}
