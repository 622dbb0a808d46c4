import type { Db, Tx } from './db.ts'
import type { AuditEvent, Environment, NewAuditEvent, Schema } from './schema.ts'

/** The last event of the tenant's chain; who appends the next one holds the tenant's lock. */
export function findAuditHead(db: Db, tenantId: string): Promise<Schema['audit_head'] | undefined> {
  return db.selectFrom('audit_head').selectAll().where('tenant_id', '=', tenantId).executeTakeFirst()
}

/** Adds an event to the end of its tenant's chain; `false` when one of its number is there, since the head does not name the newest. */
export async function appendAuditEvent(tx: Tx, event: NewAuditEvent): Promise<boolean> {
  const { tenant_id, seq, hash } = event
  const { numInsertedOrUpdatedRows: added } = await tx
    .insertInto('audit_event')
    .values(event)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  if (added === 0n) return false
  await tx
    .insertInto('audit_head')
    .values({ tenant_id, seq, hash })
    .onConflict((conflict) => conflict.column('tenant_id').doUpdateSet({ seq, hash }))
    .execute()
  return true
}

export type AuditFilter = {
  carrierId?: string
  actor?: string
  action?: string
  since?: string
  until?: string
}

/** One page of a tenant's events as one environment sees them, newest first, and how many there are. */
export async function listAuditEvents(
  db: Db,
  tenantId: string,
  environment: Environment,
  filter: AuditFilter,
  page: { limit: number; offset: number },
): Promise<{ events: AuditEvent[]; total: number }> {
  const matching = db
    .selectFrom('audit_event')
    .where('tenant_id', '=', tenantId)
    .where((eb) => eb.or([eb('environment', 'is', null), eb('environment', '=', environment)]))
    .$if(filter.carrierId !== undefined, (query) => query.where('carrier_id', '=', filter.carrierId ?? ''))
    .$if(filter.actor !== undefined, (query) => query.where('actor', '=', filter.actor ?? ''))
    .$if(filter.action !== undefined, (query) => query.where('action', '=', filter.action ?? ''))
    .$if(filter.since !== undefined, (query) => query.where('at', '>=', filter.since ?? ''))
    .$if(filter.until !== undefined, (query) => query.where('at', '<', filter.until ?? ''))
  const { total } = await matching
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  const events = await matching
    .selectAll()
    .orderBy('seq', 'desc')
    .limit(page.limit)
    .offset(page.offset)
    .execute()
  return { events, total }
}

/** At most `limit` events of a tenant after `afterSeq`, oldest first: the chain in order. */
export function readAuditChain(
  db: Db,
  tenantId: string,
  afterSeq: number,
  limit: number,
): Promise<AuditEvent[]> {
  return db
    .selectFrom('audit_event')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('seq', '>', afterSeq)
    .orderBy('seq')
    .limit(limit)
    .execute()
}
