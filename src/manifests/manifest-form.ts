import { acceptFields } from '../catalog/forms/accept-fields.ts'
import type { Fields } from '../catalog/define.ts'
import { group, LONGEST_TEXT, optional, text } from '../catalog/fields.ts'
import { isEmpty, type FieldProblem } from '../catalog/forms/validate.ts'
import { failFields } from '../errors.ts'
import { parseEarliest, parseTime } from '../time.ts'
import { isId } from '../ids.ts'
import { connectionField } from './connection-field.ts'

export const MOST_MANIFESTED = 5_000
/** The clock of the computer that made the manifest may be ahead of ours by this many milliseconds. */
const AHEAD_MS = 5 * 60_000

/** These fields describe a manifest, beside its labels. */
export const manifestFields: Fields = {
  carrier_id: connectionField,
  submission_id: optional(text('Number that the carrier gave it', { minLength: 1, maxLength: 100 })),
  manifested_at: optional(
    text('When it was made; now, unless it says otherwise', { minLength: 1, maxLength: 40 }),
  ),
  manifest_download: group('Where its document is', {
    href: text('Address that begins with https://', { maxLength: LONGEST_TEXT }),
  }),
}

/** A body names its labels by one of these two lists. */
type ListName = 'label_ids' | 'tracking_numbers'

/** Describes what a body says: the labels by id or by tracking number, in the order of the body, and the other values. */
export type ManifestBody = {
  carrierId: string
  by: ListName
  labels: string[]
  submissionId: string | null
  manifestedAt: string
  download: string | null
}

/** Reads the body of a manifest; refuses every bad field at once (400). */
export function acceptManifest(body: Readonly<Record<string, unknown>>, now: Date): ManifestBody {
  const { label_ids: ids = null, tracking_numbers: numbers = null, ...rest } = body
  const label_ids = isEmpty(ids) ? null : ids
  const tracking_numbers = isEmpty(numbers) ? null : numbers
  const accepted = acceptFields(manifestFields, rest, ['tracking_numbers', 'label_ids'])
  const [by, labels] =
    label_ids === null && tracking_numbers !== null
      ? (['tracking_numbers', tracking_numbers] as const)
      : (['label_ids', label_ids] as const)
  const problems = [
    ...(Array.isArray(accepted) ? accepted : []),
    ...(label_ids !== null && tracking_numbers !== null ? [BOTH] : listProblems(by, labels)),
    ...(Array.isArray(accepted) ? [] : timeProblems(accepted.values.manifested_at, now)),
    ...linkProblems(rest.manifest_download),
  ]
  if (problems.length > 0 || Array.isArray(accepted)) return failFields(problems)
  const { carrier_id, submission_id = null, manifested_at, manifest_download } = accepted.values
  return {
    carrierId: carrier_id as string,
    by,
    labels: labels as string[],
    submissionId: submission_id as string | null,
    manifestedAt: parseTime((manifested_at as string | undefined) ?? '') ?? now.toISOString(),
    download: (manifest_download as { href: string } | undefined)?.href ?? null,
  }
}

const BOTH: FieldProblem = {
  kind: 'conflict',
  field: 'tracking_numbers',
  message: 'tracking_numbers and label_ids say the same thing; send one.',
}

const MOST_TOLD = 100
const LONGEST_NUMBER = 100

function listProblems(name: ListName, list: unknown): FieldProblem[] {
  const other = list === null ? ', or tracking_numbers instead' : ''
  if (list === null || (Array.isArray(list) && list.length === 0))
    return [{ kind: 'required', field: name, message: `${name} must have at least one entry${other}.` }]
  if (!Array.isArray(list) || list.length > MOST_MANIFESTED)
    return [
      {
        kind: 'invalid',
        field: name,
        message: `${name} must be a list of at most ${MOST_MANIFESTED} entries.`,
      },
    ]
  const [isFine, form] =
    name === 'label_ids'
      ? [isId, 'must have the form of se-28529731']
      : [isNumber, `must be a tracking number of 1 to ${LONGEST_NUMBER} characters`]
  const seen = new Set<unknown>()
  const problems: FieldProblem[] = []
  for (const [index, entry] of list.entries()) {
    const field = `${name}[${index}]`
    if (typeof entry !== 'string' || !isFine(entry))
      problems.push({ kind: 'invalid', field, message: `${field} ${form}.` })
    else if (seen.has(entry))
      problems.push({ kind: 'conflict', field, message: `${field} stands in the list already.` })
    seen.add(entry)
  }
  return problems.slice(0, MOST_TOLD)
}

const isNumber = (text: string) => text !== '' && [...text].length <= LONGEST_NUMBER && !text.includes('\0')

function timeProblems(time: unknown, now: Date): FieldProblem[] {
  if (time === undefined) return []
  const earliest = parseEarliest(time as string)
  const wrong = (why: string): FieldProblem[] => [
    { kind: 'invalid', field: 'manifested_at', message: `manifested_at ${why}.` },
  ]
  if (earliest === undefined) return wrong('must be a date, or a date and time with an offset, in ISO 8601')
  return Date.parse(earliest) > now.getTime() + AHEAD_MS ? wrong('must not be in the future') : []
}

function linkProblems(download: unknown): FieldProblem[] {
  const { href } = (typeof download === 'object' && download !== null ? download : {}) as { href?: unknown }
  if (typeof href !== 'string' || href === '') return []
  const url = /^https:\/\/[^\s\\]*$/i.test(href) && URL.canParse(href) ? new URL(href) : undefined
  if (url && url.username === '' && url.password === '') return []
  const field = 'manifest_download.href'
  return [{ kind: 'invalid', field, message: `${field} must be an https address without a user name.` }]
}
