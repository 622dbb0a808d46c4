import type { WireClient } from './client.ts'

type Document = {
  paths: Record<string, Record<string, { security: unknown[] }>>
  'x-hawser-always-refused': { method: string; path: string }[]
}

/** These ids belong to nothing; each stands under the name of its parameter. */
const ABSENT: Record<string, string> = {
  carrier_name: 'stamps_com',
  carrier_code: 'FXFE',
  account_id: 'se-0000000000000000',
  external_account_id: 'none',
  external_shipment_id: 'none',
  key_id: '000000000000',
  api_key_id: '000000000000',
  webhook_id: 'se-0000000000000000',
  label_id: 'se-0000000000000000',
  manifest_id: 'se-0000000000000000',
}

function absentId(path: string, name: string): string {
  if (name === 'carrier' && /requirements|features/.test(path)) return 'FXFE'
  if (name === 'carrier' || (name === 'carrier_id' && path.startsWith('/v-beta')))
    return '00000000-0000-4000-8000-000000000000'
  return ABSENT[name] ?? 'se-0000000000000000'
}

/** These paths give the same answers as another path, which is asked in every way. */
const SECOND_NAME = /^\/(v2|v-beta\/ltl\/v1)\//

/** Sends three kinds of requests to every route of the description: with a key that may not use it, for an id that does not exist, and with a wrong shape. */
export async function recordEveryRoute({ send, keys }: WireClient): Promise<void> {
  const document = (await send('GET', '/openapi.json', { key: '' })).json as Document
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  )
  for (const { method, path } of [...described, ...document['x-hawser-always-refused']]) {
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => absentId(path, name))
    const isWrite = method === 'POST' || method === 'PUT'
    const key = path.includes('/partners/') ? keys.partner : keys.sandbox
    await send(method, filled, { key, ...(isWrite ? { body: {} } : {}) })
    if (SECOND_NAME.test(path)) continue
    await send(method, filled, { key: '' })
    await send(method, `${filled}?no_such_parameter=1`, { key, ...(isWrite ? { body: {} } : {}) })
    if (method === 'GET') await send('HEAD', filled, { key })
    else await send(method, filled, { key: keys.reader, ...(isWrite ? { body: {} } : {}) })
    if (isWrite) await send(method, filled, { key, raw: '{"nickname": ' })
  }
}
