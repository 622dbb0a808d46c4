import { createHmac, randomBytes } from 'node:crypto'

const PREFIX = 'whsec_'

/** A signing secret of Standard Webhooks: 32 random bytes. */
export const newSigningSecret = (): string => PREFIX + randomBytes(32).toString('base64')

/** The three headers of Standard Webhooks, by which a receiver proves that exactly this body was sent at this time. */
export function signatureHeaders(
  secret: string,
  { id, at, body }: { id: string; at: Date; body: string },
): Record<string, string> {
  const timestamp = `${Math.floor(at.getTime() / 1_000)}`
  const signature = createHmac('sha256', Buffer.from(secret.slice(PREFIX.length), 'base64'))
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}
