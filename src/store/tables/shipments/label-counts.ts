import { sql } from 'kysely'
import type { Db, Tx } from '../../db.ts'
import { PART } from '../../pages.ts'
import { inChunks } from '../../in-chunks.ts'
import { LABEL_STATUSES, type Label, type LabelCount, type LabelStatus } from '../../schema/tables.ts'
import type { TenantScope } from '../../scope.ts'

/** A kind of labels is described by the values that labels are counted by. */
export type LabelKind = {
  carrierId?: string
  warehouseId?: string
  serviceCode?: string
  status?: LabelStatus
  /** `isOpen` restricts the kind to labels that wait for a manifest. */
  isOpen?: true
}

/** A label change holds a label before and after a change; a new label has no `before`. */
export type LabelChange = { before?: Label; after: Label }

const KEY = ['tenant_id', 'environment', 'carrier_id', 'warehouse_id', 'service_code'] as const
const COUNTED = [...LABEL_STATUSES, 'open'] as const

/** Says whether a label waits for a manifest: it is completed and stands in none. */
export const isOpen = ({ status, manifest_id }: Label): boolean =>
  status === 'completed' && manifest_id === null

/** Updates the counts of labels for these changes, in the transaction that makes the changes. */
export async function countChanges(tx: Tx, changes: readonly LabelChange[]): Promise<void> {
  const counts = new Map<string, LabelCount>()
  for (const { before, after } of changes) {
    if (before) add(counts, before, -1)
    add(counts, after, 1)
  }
  const moved = [...counts.values()].filter((count) => COUNTED.some((name) => count[name] !== 0))
  for (const part of inChunks(moved))
    await tx
      .insertInto('label_count')
      .values(part)
      .onConflict((conflict) =>
        conflict
          .columns(KEY)
          .doUpdateSet((eb) =>
            Object.fromEntries(
              COUNTED.map((name) => [name, eb(`label_count.${name}`, '+', eb.ref(`excluded.${name}`))]),
            ),
          ),
      )
      .execute()
}

function add(counts: Map<string, LabelCount>, label: Label, by: 1 | -1): void {
  const { tenant_id, environment, carrier_id } = label
  const key = {
    tenant_id,
    environment,
    carrier_id,
    warehouse_id: label.warehouse_id ?? '',
    service_code: label.service_code ?? '',
  }
  const place = JSON.stringify(key)
  const count = counts.get(place) ?? { ...key, processing: 0, completed: 0, error: 0, voided: 0, open: 0 }
  counts.set(place, count)
  count[label.status] += by
  if (isOpen(label)) count.open += by
}

/** Returns the number of labels of a kind. One statement adds up about `PART` counts, and always all counts of a connection. */
export async function countLabels(
  db: Db,
  { tenantId, environment }: TenantScope,
  { carrierId, warehouseId, serviceCode, status, isOpen }: LabelKind,
): Promise<number> {
  const counts = db
    .selectFrom('label_count')
    .where((eb) => eb.and({ tenant_id: tenantId, environment }))
    .$if(carrierId !== undefined, (query) => query.where('carrier_id', '=', carrierId ?? ''))
  const column = isOpen ? 'open' : status
  let total = 0
  for (let after = ''; ;) {
    const rest = counts.where('carrier_id', '>', after)
    const last =
      carrierId === undefined
        ? await rest
            .select('carrier_id')
            .orderBy('carrier_id')
            .offset(PART - 1)
            .limit(1)
            .executeTakeFirst()
        : undefined
    const part = await rest
      .select(
        column
          ? sql<number>`coalesce(sum(${sql.ref(column)}), 0)`.as('total')
          : sql<number>`coalesce(sum(processing + completed + error + voided), 0)`.as('total'),
      )
      .$if(last !== undefined, (query) => query.where('carrier_id', '<=', last?.carrier_id ?? ''))
      .$if(warehouseId !== undefined, (query) => query.where('warehouse_id', '=', warehouseId ?? ''))
      .$if(serviceCode !== undefined, (query) => query.where('service_code', '=', serviceCode ?? ''))
      .executeTakeFirstOrThrow()
    total += part.total
    if (last === undefined) return total
    after = last.carrier_id
  }
}
