import { createHmac, randomBytes } from 'node:crypto'
import type { WebhookSecrets } from '../custody/sealed-webhook.ts'

const PREFIX = 'whsec_'

/** Makes a signing secret of Standard Webhooks: `whsec_` and 32 random bytes in base64. */
export const newSigningSecret = (): string => PREFIX + randomBytes(32).toString('base64')

/** Returns the three headers of Standard Webhooks, with which a receiver that has one of the secrets can check that this body was sent at this time. */
export function signatureHeaders(
  secrets: readonly string[],
  { id, at, body }: { id: string; at: Date; body: string },
): Record<string, string> {
  const timestamp = `${Math.floor(at.getTime() / 1_000)}`
  const signed = `${id}.${timestamp}.${body}`
  const signature = secrets.map((secret) => `v1,${macOf(secret, signed)}`).join(' ')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }
}

const macOf = (secret: string, text: string) =>
  createHmac('sha256', Buffer.from(secret.slice(PREFIX.length), 'base64'))
    .update(text)
    .digest('base64')

/** Returns the secrets that sign at a time: the current one, and the previous one until its end. */
export function secretsAt({ signing, previous }: WebhookSecrets, at: Date): string[] {
  return previous && at.getTime() < Date.parse(previous.endsAt) ? [signing, previous.signing] : [signing]
}
