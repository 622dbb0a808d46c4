import type { Answer, WireClient } from './client.ts'

const CARRIERS = '/v1/connections/carriers'
const STAMPS = `${CARRIERS}/stamps_com`
const LTL = '/v-beta/ltl/connections/FXFE'

const stamps = (username: string, more: object = {}) => ({
  nickname: `Postage of ${username}`,
  username,
  password: 'a password',
  ...more,
})
const freight = (key: string) => ({ credentials: { account_number: '1234567', key } })
const idOf = ({ json }: Answer) => String(json?.carrier_id)

/** Sends every request that changes, leases, deletes or restores a connection, for parcels and for freight. */
export async function recordConnections(client: WireClient): Promise<void> {
  await refusals(client)
  await changes(client)
  await versions(client)
  await deletes(client)
  await freightConnections(client)
  await lists(client)
}

async function refusals({ send, keys }: WireClient): Promise<void> {
  const path = `${STAMPS}`
  for (const verify of ['only', 'required', 'best-effort', 'off', 'wrong'])
    for (const word of ['', 'simulate-invalid-credentials', 'simulate-unavailable', 'simulate-not-entitled'])
      await send('POST', `${path}?verify=${verify}`, {
        body: stamps(`${verify}-${word}`, word === '' ? {} : { password: word }),
      })
  for (const raw of [
    '',
    'null',
    '[]',
    '"text"',
    '{"a":1,}',
    '{"nickname":"a","nickname":"b"}',
    '{"__proto__":1}',
  ])
    await send('POST', path, { raw })
  await send('POST', path, { raw: '{}', headers: { 'content-type': 'text/plain' } })
  await send('POST', path, { raw: JSON.stringify({ nickname: 'n'.repeat(70_000) }) })
  for (const body of [
    stamps('one', { password: 5 }),
    stamps('one', { nickname: 'n'.repeat(101) }),
    stamps('one', { usrname: 'x', another: 1 }),
    stamps('one', { nickname: null }),
    stamps(' spaces '),
    stamps('“quotes”'),
  ])
    await send('POST', path, { body })
  for (const key of ['', 'nonsense', `${keys.sandbox}x`, keys.reader, keys.partner])
    await send('POST', path, { key, body: stamps('two') })
  await send('POST', `${CARRIERS}/nobody`, { body: stamps('two') })
  await send('POST', `${CARRIERS}/ups_walleted`, { body: { nickname: 'Wallet' } })
  await send('POST', `${CARRIERS}/fedex`, { body: { agree_to_eula: false } })
  await send('GET', `${path}/4711`)
  for (const method of ['PATCH', 'OPTIONS', 'DELETE', 'TRACE']) await send(method, '/v1/carriers')
  for (const target of [
    '/v1/rates',
    '/v1/carriers/',
    '//v1/carriers',
    '/v1/%zz',
    '/v1/carriers?a=%zz',
    '/V1/carriers',
  ])
    await send('GET', target)
}

async function changes({ send, keys }: WireClient): Promise<void> {
  const connected = await send('POST', STAMPS, { body: stamps('life') })
  const path = `${STAMPS}/${idOf(connected)}`
  await send('POST', STAMPS, { body: stamps('life') })
  await send('POST', STAMPS, { body: stamps('LIFE ') })
  await send('GET', path, { key: keys.otherTenant })
  await send('GET', path, { key: keys.production })
  await send('PUT', path, { key: keys.otherTenant, body: stamps('life') })
  await send('POST', `${path}/rollback`)
  for (const verify of ['', '?verify=only', '?verify=required', '?verify=wrong'])
    for (const password of ['a new password', 'simulate-invalid-credentials', 'simulate-unavailable'])
      await send('PUT', `${path}${verify}`, { body: stamps('life', { password }) })
  await send('PUT', path, { body: stamps('another-account') })
  await send('PUT', path, { body: { nickname: 'Only a name' } })
  for (const verify of ['?verify=only', '', '', '?verify=required', '?verify=wrong'])
    await send('POST', `${path}/rollback${verify}`)
  for (const query of [
    '',
    '?expires_in=60',
    '?expires_in=0',
    '?as=token',
    '?as=wrong',
    '?state=any',
    '?state=verified',
  ])
    await send('POST', `${path}/lease${query}`)
  await send('POST', `${path}/lease`, { key: keys.reader })
  await send('POST', `${path}/verify`)
  await send('POST', `${path}/sign_in`)
  await send('GET', `${path}/settings`)
  await send('GET', `${path}/dependents`)
  const fedex = {
    ...{ nickname: 'Purple', account_number: '510087143', first_name: 'Ann', last_name: 'Example' },
    ...{ phone: '5125550100', address1: '1 Main St', city: 'Austin', state: 'TX', postal_code: '78701' },
    ...{ country_code: 'US', email: 'ship@example.com', agree_to_eula: true },
  }
  const settings = `${CARRIERS}/fedex/${idOf(await send('POST', `${CARRIERS}/fedex`, { body: fedex }))}/settings`
  for (const body of [
    { nickname: 'Night' },
    { is_primary_account: true },
    { nickname: null },
    { wrong: 1 },
    {},
  ])
    await send('PUT', settings, { body })
  await send('GET', settings)
  const dhl = {
    ...{ nickname: 'DHL', client_id: 'c', username: 'u', password: 'p', distribution_center: 'USATL1' },
  }
  const minted = await send('POST', `${CARRIERS}/dhl_ecommerce`, {
    body: { ...dhl, pickup_number: '5111111', api_key: 'key', api_secret: 'secret' },
  })
  const lease = `${CARRIERS}/dhl_ecommerce/${idOf(minted)}/lease?as=token`
  await send('POST', lease)
  await send('POST', lease)
}

async function versions({ send }: WireClient): Promise<void> {
  const path = `${STAMPS}/${idOf(await send('POST', STAMPS, { body: stamps('versions') }))}`
  for (const [method, to, body] of [
    ['PUT', path, stamps('versions')],
    ['POST', `${path}/rollback`, undefined],
    ['DELETE', path, undefined],
  ] as const)
    for (const tag of ['"v0"', '"v99"', 'v1', '"x"', '*', 'W/"v1"', ''])
      if (method !== 'DELETE' || tag !== '*')
        await send(method, to, { headers: { 'if-match': tag }, ...(body ? { body } : {}) })
  await send('GET', path, { headers: { 'if-none-match': '"v1"' } })
}

async function deletes({ send, keys }: WireClient): Promise<void> {
  const path = `${STAMPS}/${idOf(await send('POST', STAMPS, { body: stamps('to delete') }))}`
  for (const body of [{ open_shipments: 'refuse' }, { open_shipments: 'wrong' }, { open_shipments: null }])
    await send('PUT', `${path}/policy`, { body })
  await send('GET', `${path}/policy`)
  for (const body of [
    { open_shipments: 'refuse', restore_days: 14 },
    { restore_days: 366 },
    { restore_days: null },
  ])
    await send('PUT', '/v1/connections/delete_policy', { body })
  await send('GET', '/v1/connections/delete_policy')
  await send('DELETE', path, { key: keys.otherTenant })
  await send('DELETE', path, { key: keys.reader })
  for (const query of ['?force=maybe', '?purge=1', '?wrong=1', '']) await send('DELETE', `${path}${query}`)
  await send('GET', path)
  await send('DELETE', path)
  await send('GET', '/v1/connections/tombstones')
  await send('POST', `${path}/restore`, { key: keys.otherTenant })
  await send('POST', `${path}/restore`)
  await send('POST', `${path}/restore`)
  await send('DELETE', `${path}?force=true`)
  await send('POST', STAMPS, { body: stamps('to delete') })
  await send('POST', `${path}/restore`)
  await send('DELETE', `${path}?purge=true`)
  await send('POST', `${path}/restore`)
  await send('DELETE', `/v1/connections/tombstones/${path.split('/').at(-1)}/nickname`)
  await send('GET', '/v1/connections/tombstones?carrier=stamps_com&page_size=1')
}

async function freightConnections({ send, keys }: WireClient): Promise<void> {
  const connected = await send('POST', LTL, { body: freight('first') })
  const path = `${LTL}/${idOf(connected)}`
  await send('POST', LTL, { body: freight('first') })
  await send('POST', '/v-beta/ltl/connections/XXXX', { body: freight('first') })
  await send('POST', `${LTL}?verify=only`, { body: freight('simulate-invalid-credentials') })
  await send('POST', '/v-beta/ltl/carriers', {
    body: { carrier_code: 'TEST', ...{ credentials: { username: 'u' } } },
  })
  for (const query of ['', '?verify=only', '?verify=required', '?carrier_code=ODFL'])
    for (const key of ['second', 'simulate-invalid-credentials', 'simulate-unavailable'])
      await send('PUT', `${path}${query}`, { body: freight(key) })
  await send('PUT', `/v-beta/ltl/carriers/${idOf(connected)}`, { body: freight('third') })
  for (const step of ['verify', 'rollback', 'lease', 'restore']) await send('POST', `${path}/${step}`)
  for (const part of ['dependents', 'policy']) await send('GET', `${path}/${part}`)
  await send('PUT', `${path}/policy`, { body: { open_shipments: 'refuse' } })
  await send('GET', `/v-beta/ltl/carriers/${idOf(connected)}`, { key: keys.otherTenant })
  await send('DELETE', path)
  await send('POST', `${path}/restore`)
  for (const list of ['options', 'packages', 'services'])
    await send('GET', `/v-beta/ltl/carriers/${idOf(connected)}/${list}`)
}

async function lists({ send, keys }: WireClient): Promise<void> {
  for (const query of [
    ...[
      'page_size=2',
      'page=2&page_size=3',
      'page=0',
      'page_size=501',
      'carrier=stamps_com',
      'carrier=nobody',
    ],
    ...[
      'q=post',
      'q=',
      'state=verified',
      'state=wrong',
      'attention=true',
      'scac=FXFE',
      'sort=nickname&carrier=stamps_com',
    ],
    ...[
      'sort=-created_at&page_size=2',
      'connection_status=pending_approval',
      'unverified=true',
      'environment=sandbox',
    ],
    ...['older_than=2026-01-01', 'older_than=never', 'state=verified&state=unverified', 'cursor=nonsense'],
  ])
    await send('GET', `/v1/connections?${query}`)
  for (const path of [
    '/v1/carriers',
    '/v2/carriers?page_size=2',
    '/v2/carriers?include_extended_details=true',
  ])
    await send('GET', path)
  await send('GET', '/v-beta/ltl/carriers')
  await send('GET', '/v1/carriers', { key: keys.otherTenant })
  await send('GET', '/v1/carriers', { key: keys.production })
}
