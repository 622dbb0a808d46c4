import { recordEvent } from '../audit/record-event.ts'
import { systemActor, type Context } from '../context.ts'
import { openWebhook, type WebhookSecrets } from '../custody/sealed-webhook.ts'
import { ApiError } from '../errors.ts'
import type { Secret } from '../secret.ts'
import type { Tx } from '../store/db.ts'
import type { WebhookEndpoint } from '../store/schema.ts'
import type { WebhookKey } from '../store/webhooks.ts'

/** What a webhook keeps to itself, for the worker; `undefined` where it was altered or moved, which is to be put on record. */
export function openSecrets(ctx: Context, endpoint: WebhookEndpoint): Secret<WebhookSecrets> | undefined {
  try {
    return openWebhook(ctx, endpoint)
  } catch (error) {
    if (error instanceof ApiError) return undefined
    throw error
  }
}

/** Puts on record that what a webhook keeps to itself does not open. */
export async function recordViolation(ctx: Context, tx: Tx, key: WebhookKey): Promise<void> {
  const event = { action: 'integrity.violation', subject: key.webhookId, outcome: 'refused' } as const
  await recordEvent(ctx, tx, systemActor(key), event)
}
