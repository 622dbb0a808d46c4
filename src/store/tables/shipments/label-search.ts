import { sql } from 'kysely'
import type { Db } from '../../db.ts'
import { countLabels, type LabelKind } from './label-counts.ts'
import { OPEN } from './labels.ts'
import { findPage, PART, type PageSpan } from '../../pages.ts'
import type { Label } from '../../schema/tables.ts'
import type { TenantScope } from '../../scope.ts'

/** A label filter says which labels to list; `createdFrom` and `createdTo` are the first and the last time that count. */
export type LabelFilter = LabelKind & { trackingNumber?: string; createdFrom?: string; createdTo?: string }

export type LabelOrder = {
  by: 'created_at' | 'modified_at' | 'voided_at' | 'ship_date'
  direction: 'asc' | 'desc'
}

/** Returns one page of labels and their number; in the order of `voided_at`, labels that are not voided count as voided before all others. */
export async function searchLabels(
  db: Db,
  scope: TenantScope,
  filter: LabelFilter,
  { order, page }: { order: LabelOrder; page: { limit: number; offset: number } },
): Promise<{ rows: Label[]; total: number }> {
  const { by, direction } = order
  const { trackingNumber, createdFrom, createdTo, ...kind } = filter
  const { carrierId, warehouseId, serviceCode, status, isOpen = false } = kind
  const own = db
    .selectFrom('label')
    .where((eb) => eb.and({ tenant_id: scope.tenantId, environment: scope.environment }))
  const matching = own
    .$if(carrierId !== undefined, (query) => query.where('carrier_id', '=', carrierId ?? ''))
    .$if(warehouseId !== undefined, (query) => query.where('warehouse_id', '=', warehouseId ?? ''))
    .$if(serviceCode !== undefined, (query) => query.where('service_code', '=', serviceCode ?? ''))
    .$if(status !== undefined, (query) => query.where('status', '=', status ?? 'completed'))
    .$if(isOpen, (query) => query.where(OPEN))
    .$if(trackingNumber !== undefined, (query) => query.where('tracking_number', '=', trackingNumber ?? ''))
    .$if(createdFrom !== undefined, (query) => query.where('created_at', '>=', createdFrom ?? ''))
    .$if(createdTo !== undefined, (query) => query.where('created_at', '<=', createdTo ?? ''))
  const time = by === 'voided_at' ? sql<string>`coalesce(voided_at, '')` : sql.ref<string>(by)
  const [afterwards, notAfterwards] = direction === 'asc' ? [sql`>`, sql`<=`] : [sql`<`, sql`>=`]
  const inOrder = (query: typeof matching, { after, last }: PageSpan<Place>) =>
    query
      .$if(after !== undefined, (all) =>
        all.where(sql<boolean>`(${time}, label_id) ${afterwards} (${after?.time}, ${after?.label_id})`),
      )
      .$if(last !== undefined, (all) =>
        all.where(sql<boolean>`(${time}, label_id) ${notAfterwards} (${last?.time}, ${last?.label_id})`),
      )
      .orderBy(time, direction)
      .orderBy('label_id', direction)
  const isCounted = [trackingNumber, createdFrom, createdTo].every((value) => value === undefined)
  return findPage<Label, Place>(page, {
    total: isCounted ? await countLabels(db, scope, kind) : undefined,
    // Only the indexes in the order of `created_at` begin with the columns that the filter names.
    boundary: (after) =>
      inOrder(by === 'created_at' ? matching : own, { after })
        .select([time.as('time'), 'label_id'])
        .offset(PART - 1)
        .limit(1)
        .executeTakeFirst(),
    count: async (span) =>
      (
        await inOrder(matching, span)
          .clearOrderBy()
          .select((eb) => eb.fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow()
      ).count,
    // The rows before the page are skipped in the index, without reading them.
    rows: (span, { limit, offset }) =>
      inOrder(
        own.where('label_id', 'in', inOrder(matching, span).select('label_id').limit(limit).offset(offset)),
        {},
      )
        .selectAll()
        .execute(),
  })
}

/** A place gives the position of a label in the order of a list. */
type Place = { time: string; label_id: string }
