import type { Context } from '../context.ts'
import { fail } from '../errors.ts'
import { Secret } from '../secret.ts'
import type { WebhookEndpoint } from '../store/schema.ts'
import { EnvelopeError } from '../vault/envelope.ts'
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
  return keyring.seal(place(holder, version), Buffer.from(JSON.stringify(secrets.reveal()), 'utf8'))
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

/** Opens it; refuses (500) what was altered or moved, and says nothing of it but to the log. */
export function openWebhook({ keyring, log }: Context, endpoint: WebhookEndpoint): Secret<WebhookSecrets> {
  try {
    const opened = keyring.open(place(endpoint, endpoint.sealed_version), endpoint.sealed)
    return new Secret(JSON.parse(opened.toString('utf8')) as WebhookSecrets)
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error
    const { tenant_id: tenant, webhook_id } = endpoint
    log.error({ tenant, webhook_id }, 'integrity violation: an envelope does not open where it stands')
    return fail(
      'credentials_unreadable',
      'What is stored for this webhook fails its integrity check; it was not used.',
    )
  }
}

const place = ({ tenant_id, environment, webhook_id }: Holder, version: number): Place => ({
  ...{ purpose: 'webhook.endpoint' as const, tenantId: tenant_id, environment },
  ...{ carrierId: webhook_id, carrier: '', version },
})
