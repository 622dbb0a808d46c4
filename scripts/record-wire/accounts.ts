import type { WireClient } from './client.ts'

/** Sends what an account decides for itself: keys, webhooks, partner accounts, sign-in, and its audit log at the end. */
export async function recordAccounts(client: WireClient): Promise<void> {
  await keysOf(client)
  await webhooks(client)
  await partnerAccounts(client)
  await signIn(client)
  await audit(client)
}

async function keysOf({ send, keys }: WireClient): Promise<void> {
  for (const body of [
    ...[{}, { scopes: [] }, { scopes: ['wrong'] }, { scopes: ['read'], expires_at: 'never' }],
    ...[
      { scopes: ['read'], expires_at: '2020-01-01' },
      { scopes: ['read'], more: 1 },
    ],
  ])
    await send('POST', '/v1/keys', { body })
  const made = await send('POST', '/v1/keys', { body: { scopes: ['read', 'write'], description: 'a shop' } })
  await send('GET', '/v1/carriers?no_such_parameter=1', {
    key: String(made.json?.key ?? made.json?.encrypted_api_key),
  })
  await send('GET', '/v1/keys', { key: keys.reader })
  await send('DELETE', `/v1/keys/${made.json?.key_id}`)
  await send('DELETE', `/v1/keys/${made.json?.key_id}`)
  await send('DELETE', `/v1/keys/${keys.sandbox.split('_')[2]}`)
}

async function webhooks({ send, waitFor, keys }: WireClient): Promise<void> {
  const path = '/v1/environment/webhooks'
  const event = 'carrier_connected'
  for (const body of [
    ...[{}, { event }, { event, url: 'ftp://shop.example' }, { event, url: 'https://127.0.0.1/' }],
    ...[
      { event: 'wrong', url: 'https://shop.example' },
      { event, url: 'https://user:word@shop.example' },
    ],
    { event, url: 'https://shop.example', headers: [{ key: 'Host', value: 'x' }] },
  ])
    await send('POST', path, { body })
  const body = { event, url: 'http://127.0.0.1:9/hooks', headers: [{ key: 'X-Shop', value: 'a' }] }
  const one = `${path}/${(await send('POST', path, { body })).json?.webhook_id}`
  await send('POST', path, { body })
  await send('GET', path)
  await send('GET', one, { key: keys.otherTenant })
  for (const change of [
    { name: 'Shop' },
    { name: 5 },
    { headers: [] },
    { url: 'https://shop.example/other' },
    {},
  ])
    await send('PUT', one, { body: change })
  for (const replay of [{}, { message_id: 'msg_0' }, { since: 'never' }, { since: '2026-01-31T00:00:00Z' }])
    await send('POST', `${one}/replay`, { body: replay })
  const account = { nickname: 'Announced', api_key: 'example-api-key', enseigne: 'BDTEST14' }
  await send('POST', '/v1/connections/carriers/mondial_relay', { body: account })
  // The first attempt happens after the answer; nobody listens at the address, and the next attempt is minutes away.
  await waitFor(`${one}/attempts`, ({ json }) => json?.attempts[0]?.attempts === 1)
  await send('GET', `${one}/attempts`)
  await send('POST', `${one}/rotate_secret`)
  await send('DELETE', one)
  await send('GET', one)
}

async function partnerAccounts({ send, keys }: WireClient): Promise<void> {
  const path = '/v1/partners/accounts'
  const key = keys.partner
  const body = { company_name: 'Example Shop', origin_country_code: 'US', external_account_id: 'shop-4711' }
  for (const wrong of [{}, { ...body, origin_country_code: 'USA' }, { ...body, more: 1 }])
    await send('POST', path, { key, body: wrong })
  const account = String((await send('POST', path, { key, body })).json?.account_id)
  const one = `${path}/${account}`
  await send('POST', path, { key, body })
  await send('GET', path, { key })
  await send('GET', path)
  await send('GET', `${path}/external_account_id/shop-4711`, { key })
  await send('PUT', one, { key, body: { ...body, email: 'shop@example.com' } })
  const made = await send('POST', `${one}/api_keys`, { key, body: { description: 'its server' } })
  await send('GET', `${one}/api_keys`, { key })
  await send('GET', '/v1/carriers', { key, headers: { 'on-behalf-of': account } })
  await send('GET', '/v1/carriers', { key: keys.sandbox, headers: { 'on-behalf-of': account } })
  await send('PUT', `${one}/disable`, { key })
  await send('GET', '/v1/carriers', { key, headers: { 'on-behalf-of': account } })
  await send('PUT', `${one}/enable`, { key })
  await send('DELETE', `${one}/api_keys/${made.json?.api_key_id}`, { key })
}

async function signIn({ send }: WireClient): Promise<void> {
  const path = '/v1/connections/carriers/ups'
  const body = {
    ...{
      nickname: 'Brown',
      account_number: 'A1B2C3',
      account_postal_code: '78701',
      account_country_code: 'US',
    },
  }
  const connected = await send('POST', path, { body })
  const one = `${path}/${connected.json?.carrier_id}`
  await send('POST', `${one}/lease`)
  const begun = await send('POST', `${one}/sign_in`)
  const pathOf = (url: unknown) => String(url).replace(/^https?:\/\/[^/]+/, '')
  const page = await send('GET', pathOf(begun.headers.location), { key: '' })
  const back = pathOf(page.headers.location)
  await send('GET', back, { key: '' })
  await send('GET', back, { key: '' })
  await send('GET', one)
  await send('POST', `${one}/lease?as=token`)
  await send('PUT', one, { body: { ...body, account_number: 'Z9Y8X7' } })
  await send('GET', '/v1/sign_in/return?state=none&code=none', { key: '' })
}

async function audit({ send, keys }: WireClient): Promise<void> {
  for (const query of [
    'page_size=3',
    'page=2&page_size=5',
    'action=connection.updated',
    'action=wrong',
    'since=never',
  ])
    await send('GET', `/v1/audit?${query}`)
  await send('GET', '/v1/audit', { key: keys.reader })
  for (let page = 1; page <= 3; page += 1) await send('GET', `/v1/audit?page_size=500&page=${page}`)
  await send('GET', '/v1/audit', { key: keys.production })
}
