import { acceptFields } from '../catalog/forms/accept-fields.ts'
import type { Fields } from '../catalog/define.ts'
import { choice, optional, text } from '../catalog/fields.ts'
import { isEmpty, type FieldProblem } from '../catalog/forms/validate.ts'
import { failFields } from '../errors.ts'
import { LABEL_STATUSES, type Label, type LabelStatus } from '../store/schema/tables.ts'
import { parseDay } from '../time.ts'
import { connectionField, fits, ID, LONGEST_ID } from './ids.ts'

export { LABEL_STATUSES }

export const MOST_LABELS = 500
/** The published form of a service code. */
const SERVICE_CODE = '^[a-z0-9]+(_[a-z0-9-]+)* ?$'
const LONGEST_CODE = 100
/** Whether a text can be the code of a service. */
export const isServiceCode = fits(SERVICE_CODE, LONGEST_CODE)

/** What is said of a label. */
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

/** What is said of a label that may change; what is absent is not said, and `null` clears. */
export type Said = Partial<
  Pick<Label, 'ship_date' | 'warehouse_id' | 'service_code' | 'external_shipment_id' | 'status'>
>

/** One entry of an import: what it says, or what is wrong with it. */
export type Entry =
  | { labelId: string | undefined; carrierId: string; trackingNumber: string; said: Said; given: string[] }
  | { problems: FieldProblem[] }

/** Reads the body of an import; refuses one that is no list of 1 to 500, and leaves each entry to its own answer. */
export function acceptLabels(body: Readonly<Record<string, unknown>>): Entry[] {
  const { labels, ...rest } = body
  const beside = acceptFields({}, rest, ['labels'])
  const problems = [...listProblems(labels), ...(Array.isArray(beside) ? beside : [])]
  return problems.length > 0 ? failFields(problems) : refuseRepeated((labels as unknown[]).map(acceptEntry))
}

function listProblems(labels: unknown): FieldProblem[] {
  const [least, most] = ['at least one entry', `at most ${MOST_LABELS} entries`]
  if (isEmpty(labels ?? null) || (Array.isArray(labels) && labels.length === 0))
    return [{ kind: 'required', field: 'labels', message: `labels must have ${least}.` }]
  return Array.isArray(labels) && labels.length <= MOST_LABELS
    ? []
    : [{ kind: 'invalid', field: 'labels', message: `labels must be a list of ${most}.` }]
}

function acceptEntry(entry: unknown, index: number): Entry {
  const place = placeOf(index)
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    return { problems: [{ kind: 'invalid', field: place, message: `${place} must be an object.` }] }
  const accepted = acceptFields(labelFields, entry as Record<string, unknown>)
  const { ship_date: date, tracking_number: number } = entry as Record<string, unknown>
  const problems = Array.isArray(accepted) ? accepted : []
  if (typeof number === 'string' && number !== number.trim()) problems.push(PADDED)
  const isJudged = typeof date !== 'string' || problems.some(({ field }) => field === 'ship_date')
  if (!isJudged && parseDay(date) === undefined) problems.push(UNDATED)
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
      // The day as it is written: where the parcel leaves, it is that day.
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

/** How an entry is named in an error. */
export const placeOf = (index: number, field?: string): string =>
  `labels[${index}]${field === undefined ? '' : `.${field}`}`

const inPlace = ({ kind, field, message }: FieldProblem, place: string): FieldProblem =>
  field === undefined
    ? { kind, field: place, message: message.replace('The body', place) }
    : { kind, field: `${place}.${field}`, message: `${place}.${message}` }

/** Of two entries with one label_id the later is wrong, since nobody can say which one is meant. */
function refuseRepeated(entries: readonly Entry[]): Entry[] {
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

/** Says that an entry repeats what an earlier one has said. */
export function repeatedIn(index: number, name: 'label_id' | 'tracking_number'): FieldProblem {
  const field = placeOf(index, name)
  return { kind: 'conflict', field, message: `${field} stands in an earlier entry too.` }
}
