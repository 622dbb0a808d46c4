import { newLabel } from './labels.ts'
import type { TestServer } from '../server/test-server.ts'

/** Records labels, and answers what the server says. */
export const importLabels = (server: TestServer, labels: object[], key = server.key) =>
  server.request('POST', '/v1/labels/import', { key, body: { labels } })

/** Records that these labels stand on a manifest, and answers what the server says. */
export const importManifest = (
  server: TestServer,
  carrier_id: string,
  tracking_numbers: string[],
  key = server.key,
) => server.request('POST', '/v1/manifests/import', { key, body: { carrier_id, tracking_numbers } })

/** Records open labels under a connection, and answers their tracking numbers. */
export async function openLabels(
  server: TestServer,
  carrierId: string,
  count = 1,
  key = server.key,
): Promise<string[]> {
  const labels = Array.from({ length: count }, () => newLabel(carrierId))
  const { status, json, text } = await importLabels(server, labels, key)
  const isIn = (one: { outcome: string }) => one.outcome === 'imported'
  if (status !== 200 || !json.results.every(isIn)) throw new Error(text)
  return labels.map(({ tracking_number }) => tracking_number)
}
