import { acceptFields } from '../catalog/forms/accept-fields.ts'
import type { Fields } from '../catalog/define.ts'
import { choice, optional, text } from '../catalog/fields.ts'
import { isEmpty, type FieldProblem } from '../catalog/forms/validate.ts'
import { failFields } from '../errors.ts'
import { LABEL_STATUSES, type Label, type LabelStatus } from '../store/schema/tables.ts'
import { parseDay } from '../time.ts'
import { ID, LONGEST_ID, matchesForm } from '../ids.ts'
import { connectionField } from './connection-field.ts'

export { LABEL_STATUSES }

export const MOST_LABELS = 500
/** A service code has this published form. */
const SERVICE_CODE = '^[a-z0-9]+(_[a-z0-9-]+)* ?$'
const LONGEST_CODE = 100
/** Returns whether a text can be the code of a service. */
export const isServiceCode = matchesForm(SERVICE_CODE, LONGEST_CODE)

/** These fields describe a label. */
export const labelFields: Fields = {
  label_id: optional(text('Label', { pattern: ID, maxLength: LONGEST_ID, examples: ['se-28529731'] })),
  carrier_id: connectionField,
  tracking_number: text('Tracking number', { maxLength: 100 }),
  ship_date: text('Day of shipping: a date, or a date and time', { maxLength: 40 }),
  warehouse_id: optional(text('Warehouse', { pattern: ID, maxLength: LONGEST_ID, examples: ['se-12'] })),
  service_code: optional(
    text('Service', { pattern: SERVICE_CODE, maxLength: LONGEST_CODE, examples: ['usps_priority_mail'] }),
  ),
  external_shipment_id: optional(text('Shipment in the caller’s own system', { maxLength: 50 })),
  status: optional(choice('Status; `completed` where a new label says none', LABEL_STATUSES)),
}

/** Describes the values of a label that an entry can give and that may change. An absent value is not given, and `null` clears a value. */
export type LabelBody = Partial<
  Pick<Label, 'ship_date' | 'warehouse_id' | 'service_code' | 'external_shipment_id' | 'status'>
>

/** Describes one entry of an import: what the entry says, or what is wrong with it. */
export type LabelEntry =
  | {
      labelId: string | undefined
      carrierId: string
      trackingNumber: string
      said: LabelBody
      given: string[]
    }
  | { problems: FieldProblem[] }

/** Reads the body of an import; refuses (400) a body that is no list of 1 to 500 entries, and leaves the problems of an entry to the result of that entry. */
export function acceptLabels(body: Readonly<Record<string, unknown>>): LabelEntry[] {
  const { labels, ...rest } = body
  const beside = acceptFields({}, rest, ['labels'])
  const problems = [...listProblems(labels), ...(Array.isArray(beside) ? beside : [])]
  return problems.length > 0 ? failFields(problems) : refuseRepeated((labels as unknown[]).map(acceptEntry))
}

function listProblems(labels: unknown): FieldProblem[] {
  if (isEmpty(labels ?? null) || (Array.isArray(labels) && labels.length === 0))
    return [{ kind: 'required', field: 'labels', message: 'labels must have at least one entry.' }]
  return Array.isArray(labels) && labels.length <= MOST_LABELS
    ? []
    : [
        {
          kind: 'invalid',
          field: 'labels',
          message: `labels must be a list of at most ${MOST_LABELS} entries.`,
        },
      ]
}

function acceptEntry(entry: unknown, index: number): LabelEntry {
  const place = nameEntry({ index })
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    return { problems: [{ kind: 'invalid', field: place, message: `${place} must be an object.` }] }
  const accepted = acceptFields(labelFields, entry as Record<string, unknown>)
  const { ship_date: date, tracking_number: number } = entry as Record<string, unknown>
  const problems = Array.isArray(accepted) ? accepted : []
  if (typeof number === 'string' && number !== number.trim()) problems.push(PADDED)
  const hasBadDate = typeof date !== 'string' || problems.some(({ field }) => field === 'ship_date')
  if (!hasBadDate && parseDay(date) === undefined) problems.push(UNDATED)
  if (problems.length > 0 || Array.isArray(accepted))
    return { problems: problems.map((problem) => inPlace(problem, place)) }
  const { label_id, carrier_id, tracking_number, ...values } = accepted.values
  const cleared = accepted.cleared.filter((name) => name !== 'label_id' && name !== 'status')
  return {
    labelId: label_id as string | undefined,
    carrierId: carrier_id as string,
    trackingNumber: tracking_number as string,
    said: {
      ...Object.fromEntries(cleared.map((name) => [name, null])),
      ...(values as { status?: LabelStatus }),
      // The day is taken as it is written, since that is the day at the place where the parcel leaves.
      ship_date: parseDay(values.ship_date as string) ?? '',
    },
    given: Object.keys(labelFields).filter((name) => name in accepted.values || cleared.includes(name)),
  }
}

const PADDED: FieldProblem = {
  kind: 'invalid',
  field: 'tracking_number',
  message: 'tracking_number must not begin or end with white space.',
}
const UNDATED: FieldProblem = {
  kind: 'invalid',
  field: 'ship_date',
  message: 'ship_date must be a date, or a date and time, in ISO 8601.',
}

/** Returns the name that an error gives to an entry or to a field of it. */
export const nameEntry = ({ index, field }: { index: number; field?: string | undefined }): string =>
  `labels[${index}]${field === undefined ? '' : `.${field}`}`

const inPlace = ({ kind, field, message }: FieldProblem, place: string): FieldProblem =>
  field === undefined
    ? { kind, field: place, message: message.replace('The body', place) }
    : { kind, field: `${place}.${field}`, message: `${place}.${message}` }

/** Refuses the later of two entries with one `label_id`, since nobody can say which one is meant. */
function refuseRepeated(entries: readonly LabelEntry[]): LabelEntry[] {
  const seen = new Set<string>()
  return entries.map((entry, index) => {
    if ('problems' in entry || entry.labelId === undefined) return entry
    if (!seen.has(entry.labelId)) {
      seen.add(entry.labelId)
      return entry
    }
    return { problems: [repeatedIn(index, 'label_id')] }
  })
}

/** Returns the problem of an entry that repeats what an earlier one has said. */
export function repeatedIn(index: number, name: 'label_id' | 'tracking_number'): FieldProblem {
  const field = nameEntry({ index, field: name })
  return { kind: 'conflict', field, message: `${field} stands in an earlier entry too.` }
}
