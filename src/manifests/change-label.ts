import type { Problem } from '../errors.ts'
import type { Label, LabelStatus } from '../store/schema/tables.ts'
import type { Said } from './label-form.ts'

/** What a label may become. */
const NEXT: Record<LabelStatus, readonly LabelStatus[]> = {
  processing: ['completed', 'error', 'voided'],
  completed: ['voided'],
  error: [],
  voided: [],
}

/** Tells whether nothing can become of a label any more: it is voided, failed, or in a manifest. Of those that are not settled a connection has one with a tracking number. */
export const isSettled = ({ status, manifest_id }: Label): boolean =>
  manifest_id !== null || NEXT[status].length === 0

/** What a recorded label becomes by what is said of it: itself where that is nothing new, or a problem where it may not change so. */
export function changeLabel(label: Label, said: Said, at: string): Label | Problem {
  if (isSaidAgain(label, said)) return label
  const wanted = { ...label, ...said }
  if (label.manifest_id !== null)
    return refuse('The label is in a recorded manifest; what is recorded of it does not change any more.')
  if (label.status === 'voided')
    return refuse('The label is voided; what is recorded of it does not change any more.')
  if (wanted.status !== label.status && !NEXT[label.status].includes(wanted.status))
    return {
      ...refuse(`A label with the status ${label.status} ${outlook(label.status)}.`),
      fieldName: 'status',
    }
  return { ...wanted, modified_at: at, voided_at: wanted.status === 'voided' ? at : null }
}

/** Tells whether an entry says nothing of a label that is not recorded of it already. */
export const isSaidAgain = (label: Label, said: Said): boolean =>
  (Object.keys(said) as (keyof Said)[]).every((name) => said[name] === label[name])

const refuse = (message: string): Problem => ({ condition: 'label_settled', message })

const outlook = (status: LabelStatus) =>
  NEXT[status].length === 0 ? 'never becomes anything else' : `can only become ${NEXT[status].join(' or ')}`
