import type { WireClient } from './client.ts'

const LABELS = '/v1/labels'
const MANIFESTS = '/v1/manifests'

/** Sends labels and manifests of a connection whose carrier requires manifests, and deletes it in every way. */
export async function recordShipments({ send, keys }: WireClient): Promise<void> {
  const path = '/v1/connections/carriers/australia_post'
  const body = {
    ...{ nickname: 'Down under', account_number: '0123456789' },
    ...{ api_key: 'example-key', api_secret: 'example-secret' },
  }
  const carrier_id = String((await send('POST', path, { body })).json?.carrier_id)
  const label = (tracking_number: string, more: object = {}) => ({
    ...{ carrier_id, tracking_number, ship_date: '2026-01-30' },
    ...{ external_shipment_id: `order-${tracking_number}`, ...more },
  })
  for (const labels of [
    ...[undefined, [], 'text', [1], [label('A', { ship_date: 'soon' })], [label('', { wrong: 1 })]],
    [label('B', { carrier_id: 'se-0000000000000000' }), label('B')],
  ])
    await send('POST', `${LABELS}/import`, { body: { labels } })
  // Each label has its own import, because the labels of one import have the same time, and then chance decides their order.
  const ids: string[] = []
  for (const number of ['C1', 'C2', 'C3', 'C4', 'C5']) {
    const { json } = await send('POST', `${LABELS}/import`, { body: { labels: [label(number)] } })
    ids.push(String(json?.results[0].label_id))
  }
  await send('POST', `${LABELS}/import`, { body: { labels: [label('C1')] } })
  for (const query of [
    ...[
      '',
      '?page_size=2',
      `?carrier_id=${carrier_id}`,
      '?label_status=voided',
      '?label_status=wrong',
      '?open=true',
    ],
    ...[
      '?tracking_number=C2',
      '?sort_by=created_at&sort_dir=asc',
      '?created_at_start=2026-01-01',
      '?batch_id=se-1',
    ],
  ])
    await send('GET', `${LABELS}${query}`)
  for (const one of [`${LABELS}/${ids[0]}`, `${LABELS}/external_shipment_id/order-C2`, `${LABELS}/4711`])
    await send('GET', one)
  await send('GET', `${LABELS}/${ids[0]}`, { key: keys.otherTenant })
  const one = `${path}/${carrier_id}`
  await send('GET', `${one}/dependents`)
  await send('DELETE', one)
  await send('POST', `${LABELS}/${ids[0]}/record_void`)
  await send('POST', `${LABELS}/${ids[0]}/record_void`)
  for (const numbers of [['C2', 'C3'], ['C2'], ['none'], [], ['C1']])
    await send('POST', `${MANIFESTS}/import`, { body: { carrier_id, tracking_numbers: numbers } })
  const manifests = (await send('GET', MANIFESTS)).json as { manifests: { manifest_id: string }[] }
  await send('GET', `${MANIFESTS}/${manifests.manifests[0]?.manifest_id}`)
  for (const query of [
    `carrier_id=${carrier_id}`,
    'ship_date_start=2026-01-30',
    'ship_date_end=wrong',
    'page_size=1',
  ])
    await send('GET', `${MANIFESTS}?${query}`)
  await send('POST', `${LABELS}/${ids[1]}/record_void`)
  await send('DELETE', `${one}?force=true`)
  await send('POST', `${one}/restore`)
  await send('GET', `${one}/dependents`)
}
