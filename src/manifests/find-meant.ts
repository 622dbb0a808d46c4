import type { Label } from '../store/schema/tables.ts'
import { isSaidAgain, isSettled } from './change-label.ts'
import type { Said } from './label-form.ts'

/**
 * Finds the label that an entry means, among those of its connection and tracking number, newest first; `undefined` where it is another label.
 * Carriers use their numbers again: a settled label is meant by its id, or by an entry of its own day and shipment, so that an import can be repeated.
 */
export function findMeant(
  labels: readonly Label[],
  { labelId, said }: { labelId: string | undefined; said: Said },
): Label | undefined {
  const open = labels.find((label) => !isSettled(label))
  if (labelId !== undefined) return labels.find(({ label_id }) => label_id === labelId) ?? open
  const settled = labels.filter((label) => isSettled(label) && !isToldApart(label, said))
  const repeated = [...(open ? [open] : []), ...settled].find((label) => isSaidAgain(label, said))
  if (repeated) return repeated
  return open && !isToldApart(open, said) ? open : (settled[0] ?? open)
}

/** What is said anew of one label leaves its day and its shipment as they are; a shipment where none is recorded is another one. */
function isToldApart(label: Label, said: Said): boolean {
  const shipment = said.external_shipment_id ?? null
  return said.ship_date !== label.ship_date || (shipment !== null && shipment !== label.external_shipment_id)
}
