import { acceptFields } from '../catalog/accept-fields.ts'
import type { Fields } from '../catalog/define.ts'
import { choice, count, optional, text } from '../catalog/fields.ts'
import { isEmpty, type Accepted, type FieldProblem, type Values } from '../catalog/validate.ts'
import { failFields } from '../errors.ts'
import { Secret } from '../secret.ts'
import { events, neverComing, type EventType } from './events.ts'
import { headerProblems, type Header } from './headers.ts'

const LONGEST_URL = 2_000
const LONGEST_NAME = 100

/** What may be said of a webhook after it was created; `headers` come beside it. */
export const updateFields: Fields = {
  url: optional(text('Address that is called', { minLength: 1, maxLength: LONGEST_URL })),
  name: optional(text('Name', { maxLength: LONGEST_NAME })),
  store_id: optional(count('Store', { minimum: -2_147_483_648 })),
}

/** What is said of a new webhook; `headers` come beside it. */
export const createFields: Fields = {
  event: choice('Event', Object.keys(events)),
  ...updateFields,
  url: text('Address that is called', { maxLength: LONGEST_URL }),
}

/** What a replay asks for: one message, or all since a time. */
export const replayFields: Fields = {
  message_id: optional(text('Message', { minLength: 1, maxLength: 100 })),
  since: optional(text('Messages not before this time', { format: 'date-time' })),
}

/** What a body says of a webhook; `null` clears, and what is absent is not said. */
export type Wish = {
  url?: string
  name?: string | null
  storeId?: number | null
  headers?: Secret<readonly Header[]>
}

type Given = Readonly<Record<string, unknown>>

/** Reads the body of a new webhook; refuses every bad field at once. */
export function acceptNew(body: Given, http: boolean): Wish & { event: EventType; url: string } {
  const { wish, values } = accept(createFields, body, http)
  return { ...wish, event: values.event as EventType, url: values.url as string }
}

/** Reads the body of a change; refuses every bad field at once. */
export function acceptChange(body: Given, http: boolean): Wish {
  return accept(updateFields, body, http).wish
}

function accept(fields: Fields, body: Given, http: boolean): { wish: Wish; values: Values } {
  const { headers = null, ...rest } = body
  const accepted = acceptEvent(fields, rest)
  const problems = [
    ...(Array.isArray(accepted) ? accepted : []),
    ...(isEmpty(body.url) && !fields.url?.required ? [URL_REQUIRED] : []),
    ...urlProblems(body.url, http),
    ...(headers === null ? [] : headerProblems(headers)),
  ]
  if (problems.length > 0 || Array.isArray(accepted)) return failFields(problems)
  const { values, cleared } = accepted
  const said = (name: string) => (cleared.includes(name) ? null : values[name])
  const wish = {
    ...(values.url === undefined ? {} : { url: values.url as string }),
    ...(said('name') === undefined ? {} : { name: said('name') as string | null }),
    ...(said('store_id') === undefined ? {} : { storeId: said('store_id') as number | null }),
    ...(Object.hasOwn(body, 'headers') ? { headers: new Secret((headers ?? []) as Header[]) } : {}),
  }
  return { wish, values }
}

function acceptEvent(fields: Fields, body: Given): Accepted | FieldProblem[] {
  const accepted = acceptFields(fields, body)
  if (!Array.isArray(accepted) || !neverComing.includes(String(body.event))) return accepted
  const message = 'event names something that Hawser does not do; it would never come.'
  return accepted.map((problem) =>
    problem.field === 'event' && problem.kind === 'invalid' ? { ...problem, message } : problem,
  )
}

const URL_REQUIRED: FieldProblem = { kind: 'required', field: 'url', message: 'url must not be empty.' }

function urlProblems(url: unknown, http: boolean): FieldProblem[] {
  if (typeof url !== 'string' || url === '' || [...url].length > LONGEST_URL) return []
  const wrong = (why: string): FieldProblem[] => [{ kind: 'invalid', field: 'url', message: `url ${why}.` }]
  const scheme = http ? /^https?:\/\//i : /^https:\/\//i
  if (!scheme.test(url))
    return wrong(http ? 'must begin with https:// or http://' : 'must begin with https://')
  if (/[\s\\]/.test(url) || !URL.canParse(url)) return wrong('must be the address of a server')
  const { username, password } = new URL(url)
  return username !== '' || password !== '' ? wrong('must not hold a user name or a password') : []
}
