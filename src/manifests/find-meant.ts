import type { Label } from '../store/schema/tables.ts'
import { isSaidAgain, isSettled } from './change-label.ts'
import type { LabelBody } from './label-form.ts'

/**
 * Finds the label that an entry means, among the labels of its connection and tracking number, newest first; returns `undefined` where the entry means none of them.
 * Carriers use their tracking numbers again: an entry means a settled label, which can no longer change, by the id or by the same day and shipment, so that an import can be repeated.
 */
export function findMeant(
  labels: readonly Label[],
  { labelId, said }: { labelId: string | undefined; said: LabelBody },
): Label | undefined {
  const open = labels.find((label) => !isSettled(label))
  if (labelId !== undefined) return labels.find(({ label_id }) => label_id === labelId) ?? open
  const settled = labels.filter((label) => isSettled(label) && !isToldApart(label, said))
  const repeated = [...(open ? [open] : []), ...settled].find((label) => isSaidAgain(label, said))
  if (repeated) return repeated
  return open && !isToldApart(open, said) ? open : (settled[0] ?? open)
}

/** Returns whether an entry has another day or shipment than a label, and therefore means another label; an entry with a shipment does not mean a label without one. */
function isToldApart(label: Label, said: LabelBody): boolean {
  const shipment = said.external_shipment_id ?? null
  return said.ship_date !== label.ship_date || (shipment !== null && shipment !== label.external_shipment_id)
}
