import { makeApiKey } from '../../../src/tenants/keys/api-key-format.ts'
import type { Recorder } from './record-examples.ts'

const CARRIERS = '/v1/connections/carriers'
const LTL = '/v-beta/ltl'
const ABSENT = 'se-0000000000000000'
const stamps = (username: string, password = 'example-password') => ({
  nickname: 'My first carrier',
  username,
  password,
})

/** Sends the requests that become the examples of the API description, in order. */
export async function sendExampleRequests(stage: Recorder): Promise<void> {
  const id = await connections(stage)
  await settings(stage)
  await shipments(stage)
  await deletes(stage, id)
  await signIn(stage)
  await ltl(stage)
  await webhooks(stage)
  await partner(stage)
  await ownKeys(stage)
  await keysAndServer(stage, id)
}

async function connections({ show, refuse, send }: Recorder): Promise<string> {
  const path = `${CARRIERS}/stamps_com`
  const connected = await send('POST', path, { body: stamps('example-user') })
  const id = connected.json.carrier_id as string
  await show('Connected', 'POST', `${CARRIERS}/mondial_relay`, {
    body: { nickname: 'Relays', api_key: 'example-api-key', enseigne: 'BDTEST13' },
  })
  await show('Only tried', 'POST', `${path}?verify=only`, { body: stamps('other-user') })
  await show('Replaced', 'PUT', `${path}/${id}`, { body: stamps('example-user', 'a new password') })
  await show('One connection', 'GET', `${path}/${id}`)
  await show('Every connected carrier', 'GET', '/v1/carriers')
  await show('A page', 'GET', '/v2/carriers?page=1&page_size=1')
  await show('One carrier', 'GET', `/v1/carriers/${id}`)
  for (const list of ['services', 'packages', 'options'])
    await show(`Its ${list}`, 'GET', `/v1/carriers/${id}/${list}`)
  await show('Found', 'GET', '/v1/connections?carrier=stamps_com')
  await show('A carrier of the catalog', 'GET', path)
  await show('The catalog', 'GET', CARRIERS)
  await show('Accepted', 'POST', `${path}/${id}/verify`)
  await show('The credentials', 'POST', `${path}/${id}/lease`)
  await show('Put back', 'POST', `${path}/${id}/rollback`)

  await refuse('account_already_connected', 'POST', path, { body: stamps('example-user') })
  await refuse('credentials_refused', 'POST', path, {
    body: stamps('third-user', 'simulate-invalid-credentials'),
  })
  await refuse('verification_impossible', 'POST', `${path}?verify=required`, {
    body: stamps('third-user', 'simulate-unavailable'),
  })
  await refuse('field_required', 'POST', path, {
    body: { nickname: 'My first carrier', username: 'third-user' },
  })
  await refuse('field_invalid', 'POST', path, { body: { ...stamps('third-user'), password: 5 } })
  await refuse('field_length', 'POST', path, { body: { ...stamps('third-user'), nickname: 'n'.repeat(101) } })
  await refuse('field_conflict', 'PUT', `${CARRIERS}/chronopost/${await chronopost(send)}`, {
    body: {
      ...{ nickname: 'Chrono', account_number: '19869502', password: '255562', city: 'Lyon' },
      injection_address_heading: { city: 'Lyon' },
    },
  })
  await refuse('terms_not_accepted', 'POST', `${CARRIERS}/fedex`, {
    body: { ...fedex, agree_to_eula: false },
  })
  await refuse('body_required', 'POST', path)
  await refuse('body_malformed', 'POST', path, { raw: '{"nickname": ' })
  await refuse('body_not_object', 'POST', path, { raw: '[]' })
  await refuse('body_too_large', 'POST', path, { raw: JSON.stringify({ nickname: 'n'.repeat(70_000) }) })
  await refuse('content_type_unsupported', 'POST', path, {
    raw: '{}',
    headers: { 'content-type': 'text/plain' },
  })
  await refuse('carrier_unknown', 'POST', `${CARRIERS}/stamps`, { body: stamps('third-user') })
  await refuse('carrier_not_connectable', 'POST', `${CARRIERS}/ups_walleted`, {
    body: { nickname: 'Wallet' },
  })
  await refuse('carrier_id_malformed', 'GET', `${path}/4711`)
  await refuse('connection_unknown', 'GET', `${path}/${ABSENT}`)
  await refuse('version_mismatch', 'PUT', `${path}/${id}`, {
    body: stamps('example-user'),
    headers: { 'if-match': '"v1"' },
  })
  await refuse('settings_unsupported', 'GET', `${path}/${id}/settings`)
  await refuse('sign_in_unsupported', 'POST', `${path}/${id}/sign_in`)
  await refuse('nothing_to_restore', 'POST', `${path}/${id}/restore`)
  await refuse('funding_unsupported', 'PUT', `/v1/carriers/${id}/add_funds`, {
    body: { currency: 'usd', amount: 20 },
  })
  await refuse('route_unknown', 'GET', '/v1/rates')
  await refuse('method_not_allowed', 'DELETE', '/v1/carriers')
  return id
}

const fedex = {
  ...{
    nickname: 'Purple',
    account_number: '510087143',
    first_name: 'Ann',
    last_name: 'Example',
    phone: '5125550100',
  },
  ...{ address1: '1 Main St', city: 'Austin', state: 'TX', postal_code: '78701', country_code: 'US' },
  ...{ email: 'ship@example.com', agree_to_eula: true },
}

async function chronopost(send: Recorder['send']): Promise<string> {
  const body = { nickname: 'Chrono', account_number: '19869502', password: '255562' }
  return (await send('POST', `${CARRIERS}/chronopost`, { body })).json.carrier_id as string
}

async function settings({ show, send, refuse }: Recorder): Promise<void> {
  const { json } = await send('POST', `${CARRIERS}/fedex`, { body: fedex })
  const path = `${CARRIERS}/fedex/${json.carrier_id}`
  await show('Changed', 'PUT', `${path}/settings`, {
    body: { nickname: 'Purple, night shift', is_primary_account: true },
  })
  await show('The settings', 'GET', `${path}/settings`)
  await refuse('nothing_to_roll_back', 'POST', `${path}/rollback`)
  const code = {
    auth_code: 'example-code',
    merchant_seller_id: 'A1EXAMPLE',
    mws_auth_token: 'example-token',
    nickname: 'Market',
  }
  const { json: amazon } = await send('POST', `${CARRIERS}/amazon_shipping_us`, { body: code })
  await refuse('update_unsupported', 'PUT', `${CARRIERS}/amazon_shipping_us/${amazon.carrier_id}`, {
    body: code,
  })
}

async function shipments({ show, refuse, send }: Recorder): Promise<void> {
  const body = {
    nickname: 'Down under',
    account_number: '0123456789',
    api_key: 'example-key',
    api_secret: 'example-secret',
  }
  const { json } = await send('POST', `${CARRIERS}/australia_post`, { body })
  const carrier_id = json.carrier_id as string
  const path = `${CARRIERS}/australia_post/${carrier_id}`
  const label = (tracking_number: string) => ({
    carrier_id,
    tracking_number,
    ship_date: '2026-01-30',
    external_shipment_id: `order-${tracking_number}`,
  })
  const imported = await show('Recorded', 'POST', '/v1/labels/import', {
    body: { labels: [label('33X0001'), label('33X0002'), label('33X0003')] },
  })
  const labels = imported.json.results.map(({ label_id }: { label_id: string }) => label_id) as [
    string,
    string,
  ]
  await show('Newest first', 'GET', '/v1/labels?page_size=2')
  await show('One label', 'GET', `/v1/labels/${labels[0]}`)
  await show('The label of a shipment', 'GET', '/v1/labels/external_shipment_id/order-33X0001')
  await show('What hangs on it', 'GET', `${path}/dependents`)
  await refuse('open_shipments', 'DELETE', path)
  await show('Voided', 'POST', `/v1/labels/${labels[0]}/record_void`)
  const manifested = await show('Manifested', 'POST', '/v1/manifests/import', {
    body: { carrier_id, tracking_numbers: ['33X0002', '33X0003'] },
  })
  await show('Recorded manifests', 'GET', '/v1/manifests')
  await show('One manifest', 'GET', `/v1/manifests/${manifested.json.manifest_id}`)
  await refuse('label_settled', 'POST', `/v1/labels/${labels[1]}/record_void`)
  await refuse('label_unknown', 'GET', `/v1/labels/${ABSENT}`)
  await refuse('manifest_unknown', 'GET', `/v1/manifests/${ABSENT}`)
  await refuse('id_malformed', 'GET', '/v1/labels/4711')
  await refuse('not_done_here', 'PUT', `/v1/labels/${labels[0]}/void`)
}

async function deletes({ show, send }: Recorder, id: string): Promise<void> {
  const path = `${CARRIERS}/stamps_com/${id}`
  await show('Refuse', 'PUT', `${path}/policy`, { body: { open_shipments: 'refuse' } })
  await show('What is in force', 'GET', `${path}/policy`)
  await show('Changed for the account', 'PUT', '/v1/connections/delete_policy', {
    body: { open_shipments: 'warn', restore_days: 14 },
  })
  await show('Of the account', 'GET', '/v1/connections/delete_policy')
  await show('Deleted', 'DELETE', path)
  await show('Deleted connections', 'GET', '/v1/connections/tombstones')
  await show('Restored', 'POST', `${path}/restore`)
  await show('Deleted by its id', 'DELETE', `/v1/carriers/${id}`)
  await show('Forgotten', 'DELETE', `/v1/connections/tombstones/${id}/nickname`)
  await send('POST', `${path}/restore`)
}

async function signIn({ show, refuse, send }: Recorder): Promise<void> {
  const body = {
    nickname: 'Brown',
    account_number: 'A1B2C3',
    account_postal_code: '78701',
    account_country_code: 'US',
  }
  const { json } = await send('POST', `${CARRIERS}/ups`, { body })
  const path = `${CARRIERS}/ups/${json.carrier_id}`
  await refuse('connection_unusable', 'POST', `${path}/lease`)
  const begun = await show('Begun', 'POST', `${path}/sign_in`)
  const pathOf = (url: string) => url.replace(/^https?:\/\/[^/]+/, '')
  const page = await show('Sent back', 'GET', pathOf(String(begun.headers.location)), { key: '' })
  const back = pathOf(String(page.headers.location))
  await show('Signed in', 'GET', back, { key: '' })
  await refuse('sign_in_refused', 'GET', back, { key: '' })
}

async function ltl({ show, refuse }: Recorder): Promise<void> {
  const credentials = { credentials: { account_number: '1234567', key: 'example-key' } }
  const connected = await show('Connected', 'POST', `${LTL}/connections/FXFE`, { body: credentials })
  const id = connected.json.carrier_id as string
  const path = `${LTL}/connections/FXFE/${id}`
  await show('Replaced', 'PUT', path, {
    body: { credentials: { account_number: '1234567', key: 'another key' } },
  })
  const other = await show('Connected with the SCAC in the body', 'POST', `${LTL}/carriers`, {
    body: { carrier_code: 'TEST', nickname: 'Tried', credentials: { username: 'example-user' } },
  })
  await show('Found by the id alone', 'PUT', `${LTL}/carriers/${id}`, { body: credentials })
  await show('Every connected carrier', 'GET', `${LTL}/carriers`)
  await show('One carrier', 'GET', `${LTL}/carriers/${other.json.carrier_id}`)
  for (const list of ['options', 'packages', 'services'])
    await show(`Its ${list}`, 'GET', `${LTL}/carriers/${other.json.carrier_id}/${list}`)
  await show('What it asks for', 'GET', `${LTL}/carriers/ODFL/credential_requirements`)
  await show('What it can do', 'GET', `${LTL}/carriers/TEST/features`)
  await refuse('scac_unknown', 'POST', `${LTL}/connections/XXXX`, { body: credentials })
  await show('Accepted', 'POST', `${path}/verify`)
  await show('The credentials', 'POST', `${path}/lease`)
  await show('Put back', 'POST', `${path}/rollback`)
  await show('What hangs on it', 'GET', `${path}/dependents`)
  await show('Refuse', 'PUT', `${path}/policy`, { body: { open_shipments: 'refuse' } })
  await show('What is in force', 'GET', `${path}/policy`)
  await show('Deleted', 'DELETE', path)
  await show('Restored', 'POST', `${path}/restore`)
}

async function webhooks({ show, refuse, send }: Recorder): Promise<void> {
  const path = '/v1/environment/webhooks'
  const body = {
    event: 'carrier_connected',
    url: 'https://shop.example.com/hooks',
    headers: [{ key: 'X-Shop', value: 'example' }],
  }
  const created = await show('Created', 'POST', path, { body })
  const one = `${path}/${created.json.webhook_id}`
  await show('Every webhook', 'GET', path)
  await show('One webhook', 'GET', one)
  await show('Renamed', 'PUT', one, { body: { name: 'The shop' } })
  await send('POST', `${CARRIERS}/mondial_relay`, {
    body: { nickname: 'Relays 2', api_key: 'example-api-key', enseigne: 'BDTEST14' },
  })
  await show('Messages', 'GET', `${one}/attempts`)
  await show('Sent again', 'POST', `${one}/replay`, { body: { since: '2026-01-31T00:00:00Z' } })
  await show('Rotated', 'POST', `${one}/rotate_secret`)
  await refuse('webhook_taken', 'POST', path, { body })
  await refuse('message_unknown', 'POST', `${one}/replay`, { body: { message_id: 'msg_0' } })
  await refuse('webhook_unknown', 'GET', `${path}/${ABSENT}`)
  await show('Deleted', 'DELETE', one)
}

async function partner({ show, refuse, send, newKey }: Recorder): Promise<void> {
  const key = await newKey(['partner'])
  const path = '/v1/partners/accounts'
  const body = { company_name: 'Example Shop', origin_country_code: 'US', external_account_id: 'shop-4711' }
  const created = await show('Created', 'POST', path, { key, body })
  const one = `${path}/${created.json.account_id}`
  await show('Every account', 'GET', path, { key })
  await show('One account', 'GET', one, { key })
  await show('By the id of the partner', 'GET', `${path}/external_account_id/shop-4711`, { key })
  await show('Changed', 'PUT', one, { key, body: { ...body, email: 'shop@example.com' } })
  await show('Disabled', 'PUT', `${one}/disable`, { key })
  await refuse('account_disabled', 'GET', '/v1/carriers', {
    key,
    headers: { 'On-Behalf-Of': created.json.account_id },
  })
  await show('Enabled', 'PUT', `${one}/enable`, { key })
  const made = await show('Made', 'POST', `${one}/api_keys`, {
    key,
    body: { description: 'the shop’s server' },
  })
  await show('The keys', 'GET', `${one}/api_keys`, { key })
  await show('Revoked', 'DELETE', `${one}/api_keys/${made.json.api_key_id}`, { key })
  await refuse('api_key_unknown', 'DELETE', `${one}/api_keys/000000000000`, { key })
  await refuse('account_unknown', 'GET', `${path}/${ABSENT}`, { key })
  await refuse('external_id_taken', 'POST', path, { key, body })
  const real = await newKey(['partner'], { environment: 'production' })
  const { json: merchant } = await send('POST', path, { key: real, body })
  await refuse('account_of_production', 'PUT', `${path}/${merchant.account_id}/disable`, { key })
  await refuse('on_behalf_refused', 'GET', '/v1/carriers', { key, headers: { 'On-Behalf-Of': ABSENT } })
}

async function ownKeys({ show, refuse, send, server }: Recorder): Promise<void> {
  const path = '/v1/keys'
  // This account has one key, because chance decides the order of several keys with the same time.
  const key = await server.newKey({ tenantId: await server.newTenant(), environment: 'sandbox' })
  while ((await send('GET', path, { key })).json.keys[0].last_used_at === null);
  await show('The keys', 'GET', path, { key })
  const body = { scopes: ['read', 'write'], description: 'the shop’s server', expires_at: '2027-01-31' }
  const made = await show('Made', 'POST', path, { key, body })
  await show('Revoked', 'DELETE', `${path}/${made.json.key_id}`, { key })
  await refuse('key_revokes_itself', 'DELETE', `${path}/${key.split('_')[2]}`, { key })
}

async function keysAndServer({ show, refuse, newKey }: Recorder, id: string): Promise<void> {
  await refuse('key_absent', 'GET', '/v1/carriers', { key: '' })
  await refuse('key_malformed', 'GET', '/v1/carriers', { key: 'TEST_hws_cut-off' })
  await refuse('key_unknown', 'GET', '/v1/carriers', { key: makeApiKey('sandbox').text })
  await refuse('scope_missing', 'POST', `${CARRIERS}/stamps_com/${id}/lease`, { key: await newKey(['read']) })
  await show('The last events of a connection', 'GET', `/v1/audit?carrier_id=${id}&page_size=2`)
  await show('The start', 'GET', '/', { key: '' })
  await show('It lives', 'GET', '/healthz', { key: '' })
  await show('It is ready', 'GET', '/readyz', { key: '' })
}
