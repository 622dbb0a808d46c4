import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { TestServer, RequestOptions } from '../../support/server/test-server.ts'

const body = { nickname: 'n' }
const broken = { raw: '{', headers: { 'If-Match': '"v9"' } }

/** Each request is wrong in its own way and in every later way, and the answer names the first of them. */
onEveryDatabase('the order of refusals', (server) => {
  const code = async (method: string, path: string, options: RequestOptions) =>
    (await server().request(method, path, options)).json.errors[0].error_code as string

  test('the key comes first', async () => {
    assert.equal(
      await code('PUT', '/v1/connections/carriers/nobody/x', { ...broken, key: 'none' }),
      'unauthorized',
    )
  })

  test('then the scope', async () => {
    const key = await server().newKey({ scopes: ['read'] })
    assert.equal(await code('PUT', '/v1/connections/carriers/nobody/x', { ...broken, key }), 'forbidden')
  })

  test('then what else of the query needs a scope, before what stands behind it', async () => {
    const writer = await server().newKey({ scopes: ['write'] })
    const remove = async (query: string) =>
      (await server().request('DELETE', `/v1/carriers/x?${query}`, { key: writer })).status
    assert.deepEqual([await remove('force=true'), await remove('force=false')], [403, 404])
    assert.deepEqual([await remove('force=true&purge=x'), await remove('force=x')], [400, 400])
    const user = await server().newKey({ scopes: ['use'] })
    const lease = async (query: string) =>
      (await server().request('POST', `/v1/connections/carriers/nobody/x/lease?${query}`, { key: user }))
        .status
    assert.deepEqual([await lease('state=any&expires_in=x&as=x'), await lease('state=all')], [403, 400])
    assert.deepEqual([await lease('expires_in=x'), await lease('')], [400, 404])
  })

  test('then the query', async () => {
    for (const query of ['nickname=x', 'verify=never', 'verify=only&verify=only']) {
      const answer = await server().request('PUT', `/v1/connections/carriers/nobody/x?${query}`, broken)
      assert.deepEqual([answer.status, answer.json.errors[0].error_code], [400, 'invalid_field_value'], query)
    }
  })

  test('then the carrier name', async () => {
    assert.equal(await code('PUT', '/v1/connections/carriers/nobody/x', broken), 'carrier_not_supported')
  })

  test('then the form of the carrier_id, then the connection', async () => {
    assert.equal(await code('PUT', '/v1/connections/carriers/ups/x', broken), 'invalid_identifier')
    assert.equal(await code('PUT', '/v1/connections/carriers/ups/se-0', broken), 'carrier_not_connected')
  })

  test('then whether the carrier can be updated', async () => {
    const { json } = await server().request('POST', '/v1/connections/carriers/amazon_shipping_uk', {
      body: { nickname: 'n', auth_code: 'once' },
    })
    const path = `/v1/connections/carriers/amazon_shipping_uk/${json.carrier_id}`
    assert.equal(await code('PUT', path, broken), 'carrier_not_supported')
  })

  test('then the body, then If-Match, then a duplicate account', async () => {
    const first = await connect(server())
    const second = await connect(server())
    const path = `/v1/connections/carriers/stamps_com/${second.id}`
    const headers = { 'If-Match': '"v9"' }
    assert.equal(await code('PUT', path, broken), 'invalid_object')
    assert.equal(await code('PUT', path, { body, headers }), 'field_value_required')
    const taken = { ...connectBodies.stamps_com, username: first.username }
    assert.equal(await code('PUT', path, { body: taken, headers }), 'invalid_status')
    assert.equal(await code('PUT', path, { body: taken }), 'identifier_conflict')
  })

  test('a body of another type or size is checked at its turn', async () => {
    const wrongType = { raw: 'x', headers: { 'content-type': 'text/plain' } }
    assert.equal(await code('POST', '/v1/connections/carriers/nobody', wrongType), 'carrier_not_supported')
    const large = { raw: `"${'x'.repeat(70_000)}"` }
    assert.equal(await code('PUT', '/v1/connections/carriers/ups/se-0', large), 'carrier_not_connected')
  })
})

async function connect(server: TestServer): Promise<{ id: string; username: string }> {
  const username = unique()
  const { json } = await server.request('POST', '/v1/connections/carriers/stamps_com', {
    body: { ...connectBodies.stamps_com, username },
  })
  return { id: json.carrier_id, username }
}
