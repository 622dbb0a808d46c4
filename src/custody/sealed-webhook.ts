import type { Context } from '../context.ts'
import type { Secret } from '../secret.ts'
import type { WebhookEndpoint } from '../store/schema/tables.ts'
import type { EnvelopePlace } from '../vault/keyring.ts'

/** Describes the secrets of a webhook: the secret that signs now, the previous secret with the time until which it signs too, and the headers that the user added. */
export type WebhookSecrets = {
  signing: string
  previous?: { signing: string; endsAt: string }
  headers: readonly { readonly key: string; readonly value: string }[]
}

type Holder = Pick<WebhookEndpoint, 'tenant_id' | 'environment' | 'webhook_id'>

/** Seals the secrets of a webhook as version `version`. */
export function sealWebhook(
  { keyring }: Context,
  holder: Holder,
  version: number,
  secrets: Secret<WebhookSecrets>,
): Uint8Array {
  return keyring.seal(webhookPlace(holder, version), Buffer.from(JSON.stringify(secrets.reveal()), 'utf8'))
}

/** Seals the secrets of a webhook as its next version, and returns the columns of that version. */
export function resealWebhook(
  ctx: Context,
  webhook: Holder & Pick<WebhookEndpoint, 'sealed_version'>,
  secrets: Secret<WebhookSecrets>,
): Pick<WebhookEndpoint, 'sealed' | 'sealed_version'> {
  const version = webhook.sealed_version + 1
  return { sealed: sealWebhook(ctx, webhook, version, secrets), sealed_version: version }
}

/** Returns the place where the secrets of a webhook open. */
export function webhookPlace(
  { tenant_id: tenantId, environment, webhook_id: subject }: Holder,
  version: number,
): EnvelopePlace {
  return { purpose: 'webhook.endpoint', tenantId, environment, subject, carrier: '', version }
}
