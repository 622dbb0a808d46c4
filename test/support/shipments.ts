import { labelOf } from './labels.ts'
import type { House } from './harness.ts'

/** Records labels; the answer. */
export const importLabels = (house: House, labels: object[], key = house.key) =>
  house.request('POST', '/v1/labels/import', { key, body: { labels } })

/** Records that these labels stand on a manifest; the answer. */
export const importManifest = (
  house: House,
  carrier_id: string,
  tracking_numbers: string[],
  key = house.key,
) => house.request('POST', '/v1/manifests/import', { key, body: { carrier_id, tracking_numbers } })

/** Records open labels under a connection; their tracking numbers. */
export async function openLabels(
  house: House,
  carrierId: string,
  count = 1,
  key = house.key,
): Promise<string[]> {
  const labels = Array.from({ length: count }, () => labelOf(carrierId))
  const { status, json, text } = await importLabels(house, labels, key)
  const isIn = (one: { outcome: string }) => one.outcome === 'imported'
  if (status !== 200 || !json.results.every(isIn)) throw new Error(text)
  return labels.map(({ tracking_number }) => tracking_number)
}
