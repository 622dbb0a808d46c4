import { acceptFields } from '../catalog/forms/accept-fields.ts'
import type { Fields } from '../catalog/define.ts'
import { choice, count, optional, text } from '../catalog/fields.ts'
import { isBlank, isEmpty, type Accepted, type FieldProblem, type Values } from '../catalog/forms/validate.ts'
import type { Context } from '../context.ts'
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
  since: optional(text('Messages not before this time', { format: 'day-or-time' })),
}

/** What a body says of a webhook; `null` clears, and what is absent is not said. */
export type Wish = {
  url?: string
  name?: string | null
  storeId?: number | null
  headers?: Secret<readonly Header[]>
}

/** Who judges the address of a webhook. */
type Judge = Pick<Context, 'judgeReceiver' | 'config'>

type Given = Readonly<Record<string, unknown>>

/** Reads the body of a new webhook; refuses every bad field at once. */
export function acceptNew(body: Given, judge: Judge): Wish & { event: EventType; url: string } {
  const { wish, values } = accept(createFields, body, judge)
  return { ...wish, event: values.event as EventType, url: values.url as string }
}

/** Reads the body of a change; refuses every bad field at once. */
export function acceptChange(body: Given, judge: Judge): Wish {
  return accept(updateFields, body, judge).wish
}

function accept(fields: Fields, body: Given, judge: Judge): { wish: Wish; values: Values } {
  const { headers: given = null, ...rest } = body
  const headers = isEmpty(given) ? null : given
  const accepted = acceptEvent(fields, rest)
  const misshapen = Array.isArray(accepted) ? accepted : []
  const problems = [
    ...misshapen,
    ...((isEmpty(body.url) || isBlank(body.url)) && !fields.url?.required ? [URL_REQUIRED] : []),
    ...(misshapen.some(({ field }) => field === 'url') ? [] : urlProblems(body.url, judge)),
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
  const accepted = acceptFields(fields, body, ['headers'])
  if (!Array.isArray(accepted) || !neverComing.includes(String(body.event))) return accepted
  const message = 'event names something that Hawser does not do; it would never come.'
  return accepted.map((problem) =>
    problem.field === 'event' && problem.kind === 'invalid' ? { ...problem, message } : problem,
  )
}

const URL_REQUIRED: FieldProblem = { kind: 'required', field: 'url', message: 'url must not be empty.' }

function urlProblems(url: unknown, { judgeReceiver, config }: Judge): FieldProblem[] {
  if (typeof url !== 'string' || isBlank(url) || [...url].length > LONGEST_URL) return []
  const obstacle = misspelt(url) ?? judgeReceiver(url)
  if (obstacle === undefined) return []
  const why =
    obstacle === 'scheme' && config.webhooks.http ? 'must begin with https:// or http://' : WHY[obstacle]
  return [{ kind: 'invalid', field: 'url', message: `url ${why}.` }]
}

/** What a parser would make an address of all the same, and perhaps another than was meant. */
function misspelt(url: string): 'scheme' | 'url' | 'user' | 'fragment' | undefined {
  if (/^https?:(?!\/\/)/i.test(url)) return 'scheme'
  const [, authority] = /^https?:\/\/([^/?#]*)/i.exec(url) ?? []
  if (authority === '') return 'url'
  if (authority?.includes('@')) return 'user'
  return url.includes('#') ? 'fragment' : undefined
}

const WHY: Record<NonNullable<ReturnType<Judge['judgeReceiver'] | typeof misspelt>>, string> = {
  url: 'must be the address of a server',
  scheme: 'must begin with https://',
  user: 'must not hold a user name or a password',
  fragment: 'must not have a fragment, which is never sent',
  name: 'must name a host that there can be',
  dot: 'must not end its host name with a dot',
  port: 'must go to port 443 or 8443',
  address: 'must not lead to an address that is not public',
}
