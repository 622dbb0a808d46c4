import { carrierCodeOf } from '../catalog/carrier-code.ts'
import { storedCarrier } from '../catalog/find-carrier.ts'
import type { Actor, Context } from '../context.ts'
import { fail } from '../errors.ts'
import type { Db } from '../store/db.ts'
import { searchLabels, type LabelFilter, type LabelOrder } from '../store/tables/shipments/label-search.ts'
import { findLabel, findShipped } from '../store/tables/shipments/labels.ts'
import type { Label } from '../store/schema/tables.ts'
import { requireScope } from '../require-scope.ts'

export type { LabelFilter, LabelOrder }

/** Describes a label with the public code of its carrier. */
export type ShownLabel = { label: Label; carrierCode: string }
export type LabelPage = { labels: ShownLabel[]; total: number; page: number; pages: number }

/** Returns one page of the actor’s labels; the filter `none` means that the request asks for something that no label here has. */
export async function listLabels(
  { store }: Context,
  actor: Actor,
  filter: LabelFilter | 'none',
  { order, page, size }: { order: LabelOrder; page: number; size: number },
): Promise<LabelPage> {
  requireScope(actor, 'read')
  if (filter === 'none') return { labels: [], total: 0, page, pages: 0 }
  const limits = { limit: size, offset: (page - 1) * size }
  const { rows, total } = await store.read(actor.tenantId, (db) =>
    searchLabels(db, actor, filter, { order, page: limits }),
  )
  return { labels: rows.map(showLabel), total, page, pages: Math.ceil(total / size) }
}

/** Returns the actor’s label with this id; refuses any other with 404. */
export async function getLabel({ store }: Context, actor: Actor, labelId: string): Promise<ShownLabel> {
  requireScope(actor, 'read')
  return showLabel(await store.read(actor.tenantId, (db) => requireLabel(db, actor, labelId)))
}

/** Returns the actor’s label of a shipment in the actor’s own system: the newest that is neither voided nor failed, or else the newest; refuses with 404 where there is none. */
export async function getShipped({ store }: Context, actor: Actor, shipment: string): Promise<ShownLabel> {
  requireScope(actor, 'read')
  const isPossible = /^\P{Cc}{1,50}$/u.test(shipment)
  const label = isPossible && (await store.read(actor.tenantId, (db) => findShipped(db, actor, shipment)))
  return label
    ? showLabel(label)
    : fail('label_unknown', 'There is no label with this external_shipment_id.', {
        fieldName: 'external_shipment_id',
      })
}

/** Returns the row of the actor’s label; refuses an absent id and one of another tenant with one and the same answer (404). */
export async function requireLabel(db: Db, actor: Actor, labelId: string): Promise<Label> {
  const label = await findLabel(db, actor, labelId)
  return label ?? fail('label_unknown', 'There is no label with this id.', { fieldName: 'label_id' })
}

/** Returns a label with the public code of its carrier. */
export const showLabel = (label: Label): ShownLabel => ({
  label,
  carrierCode: carrierCodeOf(storedCarrier(label.carrier)),
})
