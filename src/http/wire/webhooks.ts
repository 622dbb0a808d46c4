import { formSchema, type JsonSchema } from '../../catalog/forms/json-schema.ts'
import type { Webhook } from '../../webhooks/endpoints.ts'
import { events } from '../../webhooks/events.ts'
import { createFields, replayFields, updateFields } from '../../webhooks/form.ts'
import { MASK } from '../../webhooks/headers.ts'
import { reasons } from '../../webhooks/delivery-reasons.ts'
import type { DeliveryPage } from '../../webhooks/replay.ts'
import { closed, seId } from '../openapi/schemas.ts'

const text: JsonSchema = { type: 'string' }
const time: JsonSchema = { type: 'string', format: 'date-time' }
const count: JsonSchema = { type: 'integer', minimum: 0 }
const orNull = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: 'null' }] })
const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items })
const header = closed({ key: text, value: text })

const withHeaders = (form: JsonSchema): JsonSchema => ({
  ...form,
  properties: { ...(form.properties as Record<string, JsonSchema>), headers: list(header) },
})
export const newWebhookBody = withHeaders(formSchema(createFields))
export const webhookChangeBody = withHeaders(formSchema(updateFields))
export const replayBody = formSchema(replayFields)

/** `webhookAnswer` is the schema of the published webhook object. */
export const webhookAnswer = closed(
  {
    webhook_id: seId,
    url: text,
    event: { type: 'string', enum: Object.keys(events) },
    headers: list(header),
    name: text,
    store_id: { type: 'integer' },
  },
  ['name', 'store_id'],
)
export const webhookListAnswer = list(webhookAnswer)

export const attemptPage = closed({
  disabled_at: orNull(time),
  attempts: list(
    closed({
      message_id: text,
      type: text,
      state: { type: 'string', enum: ['pending', 'delivered', 'failed'] },
      attempts: count,
      created_at: time,
      next_at: orNull(time),
      last_at: orNull(time),
      last_status: orNull({ type: 'integer' }),
      last_reason: orNull({ type: 'string', enum: Object.keys(reasons) }),
    }),
  ),
  total: count,
  page: { type: 'integer', minimum: 1 },
  pages: count,
})
export const rotationAnswer = closed({ webhook_id: seId, previous_secret_ends_at: time })
export const replayAnswer = closed({ replayed: count })

/** Returns a webhook in the published shape, with masked header values and without its secret. */
export function webhookObject({ webhook_id, url, event, header_names, name, store_id }: Webhook) {
  return {
    webhook_id,
    url,
    event,
    headers: (JSON.parse(header_names) as string[]).map((key) => ({ key, value: MASK })),
    ...(name === null ? {} : { name }),
    ...(store_id === null ? {} : { store_id }),
  }
}

/** `MOST_NOTICES` is the largest number of header lines with notices, so that the headers do not become larger than clients take. */
const MOST_NOTICES = 50

/** Returns header lines that name the disabled webhooks of a list. */
export const disabledNotices = (webhooks: readonly Webhook[]): string[] =>
  webhookNotices(
    'webhook_disabled',
    webhooks.filter(({ disabled_at }) => disabled_at !== null),
  )

/** Returns header lines that name the given webhooks under one code; the webhooks are named in a header because the published object has no member for a notice. */
export function webhookNotices(code: string, webhooks: readonly Pick<Webhook, 'webhook_id'>[]): string[] {
  const lines = webhooks.slice(0, MOST_NOTICES).map(({ webhook_id }) => `${code}; webhook_id=${webhook_id}`)
  const others = webhooks.length - lines.length
  return others > 0 ? [...lines, `${code}; others=${others}`] : lines
}

/** Returns the state of one message in the shape of the answer; `next_at` is `null` where no attempt will follow. */
export const attemptObject = ({ next_at, ...delivery }: DeliveryPage['deliveries'][number]) => ({
  ...delivery,
  next_at: delivery.state === 'pending' ? next_at : null,
})
