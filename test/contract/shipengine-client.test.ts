import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { before, test } from 'node:test'
import { ShipEngine } from 'shipengine'
import { connectBodies } from '../support/connections/connect-bodies.ts'
import { onEveryDatabase } from '../support/server/every-database.ts'

/** These tests use the published client of the API, with only its address changed. It replaces the global fetch, so it has its own file. */
onEveryDatabase('shipengine', (server) => {
  let baseURL: string
  before(async () => {
    await server().app.listen({ host: '127.0.0.1', port: 0 })
    baseURL = `http://127.0.0.1:${(server().app.server.address() as AddressInfo).port}`
  })
  const newClient = (apiKey: string) => new ShipEngine({ apiKey, baseURL, timeout: 2_000 })

  test('shipengine lists the connections', async () => {
    const { json } = await server().request('POST', '/v1/connections/carriers/endicia', {
      body: connectBodies.endicia,
    })
    const carriers = await newClient(server().key).listCarriers()
    const listed = carriers.find(({ carrierId }: { carrierId: string }) => carrierId === json.carrier_id)
    assert.equal(listed?.carrierCode, 'endicia')
    assert.equal(listed?.accountNumber, connectBodies.endicia.account)
    assert.equal(listed?.nickname, connectBodies.endicia.nickname)
    assert.ok((listed?.services.length ?? 0) > 0)
  })

  test('shipengine reads a refusal from the envelope', async () => {
    const client = newClient('TEST_wrong')
    assert.deepEqual(await client.listCarriers(), [], 'this client shows 401 as an empty list')
  })
})
