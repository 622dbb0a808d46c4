import assert from 'node:assert/strict'
import type { newLabel, Shipper } from './labels.ts'

/** A manifest as the API answers it. */
export type Manifest = {
  manifest_id: string
  label_ids: string[]
  warehouse_id: string
  ship_date: string
  shipments: number
}

/** Records labels, 500 in a request, and returns their ids; fails where one is refused. */
export async function recordAll(shipper: Shipper, labels: ReturnType<typeof newLabel>[]): Promise<string[]> {
  const ids: string[] = []
  for (let at = 0; at < labels.length; at += 500) {
    const { json } = await shipper.record(...labels.slice(at, at + 500))
    assert.equal(json.refused, 0)
    ids.push(...json.results.map(({ label_id }: { label_id: string }) => label_id))
  }
  return ids
}
