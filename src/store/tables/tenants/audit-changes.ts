import type { Db, Tx } from '../../db.ts'
import type { AuditChange } from '../../schema/tables.ts'
import type { ConnectionKey } from '../../scope.ts'

/** `PART` is the largest number of rows that one statement reads or removes. */
const PART = 500

/** Adds the sealed changes of an audit event. */
export async function insertAuditChange(tx: Tx, row: AuditChange): Promise<void> {
  await tx.insertInto('audit_change').values(row).execute()
}

/** Lists the sealed changes of these events of a tenant, as far as they are kept. */
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

/** Reads at most `limit` sealed changes of a tenant's events after the event `after`, up to and with `lastSeq` where it is given, oldest first. */
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

/** Erases all sealed changes of one connection in parts; the events stay. */
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

/** Erases all sealed changes of a tenant in parts; the events stay. */
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
