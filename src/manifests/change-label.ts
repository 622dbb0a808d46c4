import type { Problem } from '../errors.ts'
import type { Label, LabelStatus } from '../store/schema/tables.ts'
import type { LabelBody } from './label-form.ts'

/** A label may change from each status to these statuses. */
const NEXT: Record<LabelStatus, readonly LabelStatus[]> = {
  processing: ['completed', 'error', 'voided'],
  completed: ['voided'],
  error: [],
  voided: [],
}

/** Returns whether a label can no longer change: it is voided, failed, or in a manifest. For each tracking number, a connection has at most one label that can still change. */
export const isSettled = ({ status, manifest_id }: Label): boolean =>
  manifest_id !== null || NEXT[status].length === 0

/** Returns a recorded label with what an entry says of it: the label itself where nothing is new, or a problem where the label may not change so. */
export function changeLabel(label: Label, said: LabelBody, at: string): Label | Problem {
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

/** Returns whether everything that an entry says of a label is recorded already. */
export const isSaidAgain = (label: Label, said: LabelBody): boolean =>
  (Object.keys(said) as (keyof LabelBody)[]).every((name) => said[name] === label[name])

const refuse = (message: string): Problem => ({ condition: 'label_settled', message })

const outlook = (status: LabelStatus) =>
  NEXT[status].length === 0 ? 'never becomes anything else' : `can only become ${NEXT[status].join(' or ')}`
