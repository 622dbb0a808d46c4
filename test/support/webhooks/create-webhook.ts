import type { TestServer } from '../server/test-server.ts'

/** Creates a webhook, and answers its id and its signing secret. */
export async function createWebhook(
  server: TestServer,
  body: Record<string, unknown>,
  key = server.key,
): Promise<{ id: string; secret: string }> {
  const event = 'carrier_connected'
  const answer = await server.request('POST', '/v1/environment/webhooks', { key, body: { event, ...body } })
  if (answer.status !== 200) throw new Error(answer.text)
  return { id: answer.json.webhook_id, secret: String(answer.headers['hawser-webhook-secret']) }
}
