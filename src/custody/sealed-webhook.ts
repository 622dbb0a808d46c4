import type { Context } from '../context.ts'
import type { Secret } from '../secret.ts'
import type { WebhookEndpoint } from '../store/schema/tables.ts'
import type { Place } from '../vault/keyring.ts'

/** What a webhook keeps to itself: the secret it signs with, the one before it until that ends, and the headers that its user added. */
export type WebhookSecrets = {
  signing: string
  previous?: { signing: string; endsAt: string }
  headers: readonly { readonly key: string; readonly value: string }[]
}

type Holder = Pick<WebhookEndpoint, 'tenant_id' | 'environment' | 'webhook_id'>

/** Seals what a webhook keeps to itself, as version `version` of this webhook. */
export function sealWebhook(
  { keyring }: Context,
  holder: Holder,
  version: number,
  secrets: Secret<WebhookSecrets>,
): Uint8Array {
  return keyring.seal(webhookPlace(holder, version), Buffer.from(JSON.stringify(secrets.reveal()), 'utf8'))
}

/** Seals anew what a webhook keeps to itself: the columns of its next version. */
export function resealWebhook(
  ctx: Context,
  webhook: Holder & Pick<WebhookEndpoint, 'sealed_version'>,
  secrets: Secret<WebhookSecrets>,
): Pick<WebhookEndpoint, 'sealed' | 'sealed_version'> {
  const version = webhook.sealed_version + 1
  return { sealed: sealWebhook(ctx, webhook, version, secrets), sealed_version: version }
}

/** Says where the secrets of a webhook open. */
export function webhookPlace(
  { tenant_id: tenantId, environment, webhook_id: subject }: Holder,
  version: number,
): Place {
  return { purpose: 'webhook.endpoint', tenantId, environment, subject, carrier: '', version }
}
