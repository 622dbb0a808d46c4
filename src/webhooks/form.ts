import { acceptFields } from '../catalog/forms/accept-fields.ts'
import type { Fields } from '../catalog/define.ts'
import { choice, count, optional, text } from '../catalog/fields.ts'
import { isBlank, isEmpty, type Accepted, type FieldProblem, type Values } from '../catalog/forms/validate.ts'
import type { Context } from '../context.ts'
import { failFields } from '../errors.ts'
import { Secret } from '../secret.ts'
import { events, unsupportedEvents, type EventType } from './events.ts'
import { headerProblems, type Header } from './headers.ts'

const LONGEST_URL = 2_000
const LONGEST_NAME = 100

/** `updateFields` are the fields of a webhook that can change after its creation; `headers` are checked separately. */
export const updateFields: Fields = {
  url: optional(text('Address that is called', { minLength: 1, maxLength: LONGEST_URL })),
  name: optional(text('Name', { maxLength: LONGEST_NAME })),
  store_id: optional(count('Store', { minimum: -2_147_483_648 })),
}

/** `createFields` are the fields of a new webhook; `headers` are checked separately. */
export const createFields: Fields = {
  event: choice('Event', Object.keys(events)),
  ...updateFields,
  url: text('Address that is called', { maxLength: LONGEST_URL }),
}

/** `replayFields` are the fields of a replay, which names one message, or all messages since a time. */
export const replayFields: Fields = {
  message_id: optional(text('Message', { minLength: 1, maxLength: 100 })),
  since: optional(text('Messages not before this time', { format: 'day-or-time' })),
}

/** A webhook body holds the values that a request gives for a webhook; `null` clears a value, and an absent value stays as it is. */
export type WebhookBody = {
  url?: string
  name?: string | null
  storeId?: number | null
  headers?: Secret<readonly Header[]>
}

/** An `AddressCheck` holds the parts of the context that decide whether an address is allowed. */
type AddressCheck = Pick<Context, 'findObstacle' | 'config'>

type Given = Readonly<Record<string, unknown>>

/** Reads the body of a new webhook; refuses all bad fields together. */
export function acceptNew(body: Given, check: AddressCheck): WebhookBody & { event: EventType; url: string } {
  const { webhook, values } = accept(createFields, body, check)
  return { ...webhook, event: values.event as EventType, url: values.url as string }
}

/** Reads the body of a change of a webhook; refuses all bad fields together. */
export function acceptChange(body: Given, check: AddressCheck): WebhookBody {
  return accept(updateFields, body, check).webhook
}

function accept(fields: Fields, body: Given, check: AddressCheck): { webhook: WebhookBody; values: Values } {
  const { headers: given = null, ...rest } = body
  const headers = isEmpty(given) ? null : given
  const accepted = acceptEvent(fields, rest)
  const misshapen = Array.isArray(accepted) ? accepted : []
  const problems = [
    ...misshapen,
    ...((isEmpty(body.url) || isBlank(body.url)) && !fields.url?.required ? [URL_REQUIRED] : []),
    ...(misshapen.some(({ field }) => field === 'url') ? [] : urlProblems(body.url, check)),
    ...(headers === null ? [] : headerProblems(headers)),
  ]
  if (problems.length > 0 || Array.isArray(accepted)) return failFields(problems)
  const { values, cleared } = accepted
  const said = (name: string) => (cleared.includes(name) ? null : values[name])
  const webhook = {
    ...(values.url === undefined ? {} : { url: values.url as string }),
    ...(said('name') === undefined ? {} : { name: said('name') as string | null }),
    ...(said('store_id') === undefined ? {} : { storeId: said('store_id') as number | null }),
    ...(Object.hasOwn(body, 'headers') ? { headers: new Secret((headers ?? []) as Header[]) } : {}),
  }
  return { webhook, values }
}

function acceptEvent(fields: Fields, body: Given): Accepted | FieldProblem[] {
  const accepted = acceptFields(fields, body, ['headers'])
  if (!Array.isArray(accepted) || !unsupportedEvents.includes(String(body.event))) return accepted
  const message = 'event names something that Hawser does not do; it would never come.'
  return accepted.map((problem) =>
    problem.field === 'event' && problem.kind === 'invalid' ? { ...problem, message } : problem,
  )
}

const URL_REQUIRED: FieldProblem = { kind: 'required', field: 'url', message: 'url must not be empty.' }

function urlProblems(url: unknown, { findObstacle, config }: AddressCheck): FieldProblem[] {
  if (typeof url !== 'string' || isBlank(url) || [...url].length > LONGEST_URL) return []
  const obstacle = misspelt(url) ?? findObstacle(url)
  if (obstacle === undefined) return []
  const why =
    obstacle === 'scheme' && config.webhooks.http ? 'must begin with https:// or http://' : WHY[obstacle]
  return [{ kind: 'invalid', field: 'url', message: `url ${why}.` }]
}

/** Finds a mistake in an address that the URL parser would correct silently, perhaps to another address than the user meant. */
function misspelt(url: string): 'scheme' | 'url' | 'user' | 'fragment' | undefined {
  if (/^https?:(?!\/\/)/i.test(url)) return 'scheme'
  const [, authority] = /^https?:\/\/([^/?#]*)/i.exec(url) ?? []
  if (authority === '') return 'url'
  if (authority?.includes('@')) return 'user'
  return url.includes('#') ? 'fragment' : undefined
}

const WHY: Record<NonNullable<ReturnType<AddressCheck['findObstacle'] | typeof misspelt>>, string> = {
  url: 'must be the address of a server',
  scheme: 'must begin with https://',
  user: 'must not hold a user name or a password',
  fragment: 'must not have a fragment, which is never sent',
  name: 'must name a host that there can be',
  dot: 'must not end its host name with a dot',
  port: 'must go to port 443 or 8443',
  address: 'must not lead to an address that is not public',
}
