import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { TestServer } from '../../support/server/test-server.ts'

const MEMBERS = [
  'carrier_id',
  'carrier_code',
  'account_number',
  'requires_funded_amount',
  'balance',
  'nickname',
  'friendly_name',
  'funding_source_id',
  'primary',
  'has_multi_package_supporting_services',
  'allows_returns',
  'supports_label_messages',
  'disabled_by_billing_plan',
  'services',
  'packages',
  'options',
  'send_rates',
  'supports_user_managed_rates',
  'connection_status',
]

async function tenantWith(server: TestServer, connections: number): Promise<{ key: string; ids: string[] }> {
  const key = await server.newKey({ tenantId: await server.newTenant() })
  const ids: string[] = []
  for (let turn = 0; turn < connections; turn += 1) {
    const body = { ...connectBodies.stamps_com, username: unique() }
    ids.push(
      (await server.request('POST', '/v1/connections/carriers/stamps_com', { body, key })).json.carrier_id,
    )
  }
  return { key, ids }
}

const idsOf = (json: { carriers: { carrier_id: string }[] }) =>
  json.carriers.map(({ carrier_id }) => carrier_id)

onEveryDatabase('list', (server) => {
  test('an account without connections has an empty list', async () => {
    const { key } = await tenantWith(server(), 0)
    const { json, headers } = await server().request('GET', '/v1/carriers', { key })
    assert.deepEqual(json, { carriers: [], request_id: headers['x-shipengine-requestid'], errors: [] })
  })

  test('every connection has every published member, none of them secret, oldest first', async () => {
    const { key, ids } = await tenantWith(server(), 5)
    const { json } = await server().request('GET', '/v1/carriers', { key })
    assert.deepEqual(idsOf(json), ids)
    for (const carrier of json.carriers) {
      assert.deepEqual(Object.keys(carrier), MEMBERS)
      assert.equal(carrier.connection_status, 'approved')
    }
    assert.doesNotMatch(JSON.stringify(json), /pass-1/)
  })

  test('one connection is the bare object of the list, with the version as its tag', async () => {
    const { key, ids } = await tenantWith(server(), 1)
    const list = await server().request('GET', '/v1/carriers', { key })
    const one = await server().request('GET', `/v1/carriers/${ids[0]}`, { key })
    assert.deepEqual(one.json, list.json.carriers[0])
    assert.equal(one.headers.etag, '"v1"')
  })

  test('services, packages and options are what the carrier’s file says, or empty', async () => {
    const { key, ids } = await tenantWith(server(), 1)
    const get = async (list: string) =>
      (await server().request('GET', `/v1/carriers/${ids[0]}/${list}`, { key })).json
    const { services } = await get('services')
    assert.ok(
      services.some(({ service_code }: { service_code: string }) => service_code === 'usps_priority_mail'),
    )
    assert.equal(services[0].carrier_id, ids[0])
    assert.equal(services[0].carrier_code, 'stamps_com')
    assert.ok((await get('packages')).packages.length > 0)
    assert.ok((await get('options')).options.length > 0)
    const { json } = await server().request('POST', '/v1/connections/carriers/dx', {
      body: { nickname: 'n', accountCode: 'a', username: 'u', password: 'p' },
      key,
    })
    for (const list of ['services', 'packages', 'options']) {
      const answer = await server().request('GET', `/v1/carriers/${json.carrier_id}/${list}`, { key })
      assert.deepEqual(answer.json, { [list]: [] })
    }
  })

  test('the first version has no paging, the second pages and leaves out details when asked', async () => {
    const { key, ids } = await tenantWith(server(), 5)
    const get = async (path: string) => (await server().request('GET', path, { key })).json
    assert.deepEqual(idsOf(await get('/v1/carriers')), ids)
    assert.equal((await get('/v1/carriers?page=2')).errors[0].field_name, 'page')
    assert.deepEqual(idsOf(await get('/v2/carriers')), ids)
    assert.deepEqual(idsOf(await get('/v2/carriers?page=2&page_size=2')), ids.slice(2, 4))
    assert.deepEqual(idsOf(await get('/v2/carriers?page=9&page_size=2')), [])
    const brief = await get('/v2/carriers?include_extended_details=false')
    assert.deepEqual(
      Object.keys(brief.carriers[0]),
      MEMBERS.filter((name) => name !== 'packages' && name !== 'options'),
    )
    for (const query of [
      'page=0',
      'page=x',
      'page_size=501',
      'page=1&page=2',
      'include_extended_details=maybe',
    ]) {
      const { errors } = await get(`/v2/carriers?${query}`)
      assert.equal(errors[0].field_name, query.split('=')[0])
    }
  })

  test('a long list arrives whole and in order', async () => {
    const { key, ids } = await tenantWith(server(), 450)
    const { json, headers } = await server().request('GET', '/v1/carriers', { key })
    assert.deepEqual(idsOf(json), ids)
    assert.equal(headers['content-length'], undefined, 'it is streamed')
    assert.equal(json.request_id, headers['x-shipengine-requestid'])
  })

  test('HEAD answers like GET without a body', async () => {
    const { key } = await tenantWith(server(), 1)
    const answer = await server().request('HEAD', '/v1/carriers', { key })
    assert.equal(answer.status, 200)
    assert.equal(answer.text, '')
  })
})
