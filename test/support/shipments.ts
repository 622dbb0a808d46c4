import { unique } from './bodies.ts'
import type { House } from './harness.ts'

/** The day that the oldest label of a test is shipped. */
export const SHIP_DATE = '2026-01-28'

/** A label as a shipping system tells of it. */
export const labelOf = (carrier_id: string, changes: object = {}) => ({
  carrier_id,
  tracking_number: unique('1Z'),
  ship_date: SHIP_DATE,
  warehouse_id: 'se-77',
  ...changes,
})

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
