import type { Db, Tx } from '../../db.ts'
import { findPage, PART, type PageSpan } from '../../pages.ts'
import type { AuditEvent, Environment, NewAuditEvent, Schema } from '../../schema/tables.ts'
import type { TenantScope } from '../../scope.ts'

/** Finds the head of the tenant's chain; a transaction that appends the next event holds the tenant's lock. */
export function findAuditHead(db: Db, tenantId: string): Promise<Schema['audit_head'] | undefined> {
  return db.selectFrom('audit_head').selectAll().where('tenant_id', '=', tenantId).executeTakeFirst()
}

/** Returns the number of a tenant's newest event, even where the head names another event; returns 0 where there is none. */
export async function findLastSeq(db: Db, tenantId: string): Promise<number> {
  const newest = db.selectFrom('audit_event').select('seq').where('tenant_id', '=', tenantId)
  return (await newest.orderBy('seq', 'desc').limit(1).executeTakeFirst())?.seq ?? 0
}

/** Appends an event to its tenant's chain and counts the event; returns `false` where an event with this number exists already, which means that the head does not name the newest event. */
export async function appendAuditEvent(tx: Tx, event: NewAuditEvent): Promise<boolean> {
  const { tenant_id, seq, hash, environment, action } = event
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
  await tx
    .insertInto('audit_count')
    .values({ tenant_id, environment: environment ?? '', action, events: 1 })
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'environment', 'action'])
        .doUpdateSet((eb) => ({ events: eb('audit_count.events', '+', 1) })),
    )
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

/** Returns one page of the events that one environment of a tenant sees, newest first, and their number. */
export async function listAuditEvents(
  db: Db,
  scope: TenantScope,
  filter: AuditFilter,
  page: { limit: number; offset: number },
): Promise<{ events: AuditEvent[]; total: number }> {
  const { tenantId, environment } = scope
  const { carrierId, actor, action, since, until } = filter
  const listed = db
    .selectFrom('audit_event')
    .where('tenant_id', '=', tenantId)
    .$if(carrierId !== undefined, (query) => query.where('carrier_id', '=', carrierId ?? ''))
  const matching = ({ after, last }: PageSpan<number>) =>
    listed
      .$if(actor !== undefined, (query) => query.where('actor', '=', actor ?? ''))
      .$if(action !== undefined, (query) => query.where('action', '=', action ?? ''))
      .$if(since !== undefined, (query) => query.where('at', '>=', since ?? ''))
      .$if(until !== undefined, (query) => query.where('at', '<', until ?? ''))
      .$if(after !== undefined, (query) => query.where('seq', '<', after ?? 0))
      .$if(last !== undefined, (query) => query.where('seq', '>=', last ?? 0))
  const countWhere = (span: PageSpan<number>, seenBy: Environment | null) =>
    matching(span)
      .where('environment', seenBy === null ? 'is' : '=', seenBy)
      .select((eb) => eb.fn.countAll<number>().as('count'))
  const isCounted = [carrierId, actor, since, until].every((value) => value === undefined)
  const { rows, total } = await findPage<AuditEvent, number>(page, {
    total: isCounted ? await countAuditEvents(db, scope, action) : undefined,
    boundary: async (after) => {
      const next = listed
        .select('seq')
        .$if(after !== undefined, (query) => query.where('seq', '<', after ?? 0))
        .orderBy('seq', 'desc')
        .limit(1)
      if (carrierId !== undefined) return (await next.offset(PART - 1).executeTakeFirst())?.seq
      // Without a filter the numbers of the events have no gaps, so the boundary can be computed.
      const first = after ?? ((await next.executeTakeFirst())?.seq ?? 0) + 1
      return first > PART ? first - PART : undefined
    },
    // The two counts stand apart, so that each reads one range of an index.
    count: async (span) => {
      const { ofAll, own } = await db
        .selectNoFrom([
          countWhere(span, null).$asScalar().as('ofAll'),
          countWhere(span, environment).$asScalar().as('own'),
        ])
        .executeTakeFirstOrThrow()
      return Number(ofAll) + Number(own)
    },
    rows: (span, { limit, offset }) =>
      matching(span)
        .where((eb) => eb.or([eb('environment', 'is', null), eb('environment', '=', environment)]))
        .selectAll()
        .orderBy('seq', 'desc')
        .limit(limit)
        .offset(offset)
        .execute(),
  })
  return { events: rows, total }
}

/** Returns the number of events that one environment of a tenant sees, of one action or of all actions. */
async function countAuditEvents(
  db: Db,
  { tenantId, environment }: TenantScope,
  action: string | undefined,
): Promise<number> {
  const { total } = await db
    .selectFrom('audit_count')
    .select((eb) => eb.fn.coalesce(eb.fn.sum<number>('events'), eb.lit(0)).as('total'))
    .where('tenant_id', '=', tenantId)
    .where('environment', 'in', ['', environment])
    .$if(action !== undefined, (query) => query.where('action', '=', action ?? ''))
    .executeTakeFirstOrThrow()
  return Number(total)
}

/** Reads at most `limit` events of a tenant's chain after the event `afterSeq`, oldest first. */
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
