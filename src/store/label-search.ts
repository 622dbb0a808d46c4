import { sql } from 'kysely'
import type { Scope } from './connections.ts'
import type { Db } from './db.ts'
import { countLabels, type Kind } from './label-counts.ts'
import { OPEN } from './labels.ts'
import type { Label } from './schema.ts'

/** Which labels; times are the first and the last that count. */
export type LabelFilter = Kind & { trackingNumber?: string; createdFrom?: string; createdTo?: string }

export type LabelOrder = {
  by: 'created_at' | 'modified_at' | 'voided_at' | 'ship_date'
  direction: 'asc' | 'desc'
}

/** One page of labels, and how many there are; labels that are not voided stand as if they had been before all others. */
export async function searchLabels(
  db: Db,
  scope: Scope,
  filter: LabelFilter,
  { by, direction }: LabelOrder,
  page: { limit: number; offset: number },
): Promise<{ rows: Label[]; total: number }> {
  const { trackingNumber, createdFrom, createdTo, ...kind } = filter
  const { carrierId, warehouseId, serviceCode, status, isOpen = false } = kind
  const matching = db
    .selectFrom('label')
    .where((eb) => eb.and({ tenant_id: scope.tenantId, environment: scope.environment }))
    .$if(carrierId !== undefined, (query) => query.where('carrier_id', '=', carrierId ?? ''))
    .$if(warehouseId !== undefined, (query) => query.where('warehouse_id', '=', warehouseId ?? ''))
    .$if(serviceCode !== undefined, (query) => query.where('service_code', '=', serviceCode ?? ''))
    .$if(status !== undefined, (query) => query.where('status', '=', status ?? 'completed'))
    .$if(isOpen, (query) => query.where(OPEN))
    .$if(trackingNumber !== undefined, (query) => query.where('tracking_number', '=', trackingNumber ?? ''))
    .$if(createdFrom !== undefined, (query) => query.where('created_at', '>=', createdFrom ?? ''))
    .$if(createdTo !== undefined, (query) => query.where('created_at', '<=', createdTo ?? ''))
  const isCounted = [trackingNumber, createdFrom, createdTo].every((value) => value === undefined)
  const total = isCounted
    ? await countLabels(db, scope, kind)
    : (await matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()).total
  if (page.offset >= total) return { rows: [], total }
  const time = by === 'voided_at' ? sql<string>`coalesce(voided_at, '')` : sql.ref<string>(by)
  const ids = matching
    .select('label_id')
    .orderBy(time, direction)
    .orderBy('label_id', direction)
    .limit(page.limit)
    .offset(page.offset)
  // What a page skips is skipped in the index, and no row of it is read.
  const rows = await db
    .selectFrom('label')
    .selectAll()
    .where((eb) => eb.and({ tenant_id: scope.tenantId, environment: scope.environment }))
    .where('label_id', 'in', ids)
    .orderBy(time, direction)
    .orderBy('label_id', direction)
    .execute()
  return { rows, total }
}
