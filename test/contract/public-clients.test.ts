import assert from 'node:assert/strict'
import { registerHooks } from 'node:module'
import type { AddressInfo } from 'node:net'
import { before, test } from 'node:test'
import createClient from 'openapi-fetch'
import { connectBodies } from '../support/connections/connect-bodies.ts'
import { unique } from '../support/unique.ts'
import { onEveryDatabase } from '../support/server/every-database.ts'
import type { paths } from './public-api.d.ts'

/** These clients are published on npm, and nothing but the address that they call is changed. */
onEveryDatabase('public clients', (server) => {
  let baseUrl: string
  before(async () => {
    await server().app.listen({ host: '127.0.0.1', port: 0 })
    baseUrl = `http://127.0.0.1:${(server().app.server.address() as AddressInfo).port}`
  })

  test('openapi-fetch, typed by the published description, connects, updates, reads settings and disconnects', async () => {
    const client = createClient<paths>({ baseUrl, headers: { 'API-Key': server().key } })
    const connected = await client.POST('/v1/connections/carriers/{carrier_name}', {
      params: { path: { carrier_name: 'stamps_com' } },
      body: { nickname: 'n', username: unique(), password: 'p' },
    })
    const carrier_id = connected.data?.carrier_id ?? ''
    assert.match(carrier_id, /^se-/)
    const updated = await client.PUT('/v1/connections/carriers/{carrier_name}/{carrier_id}', {
      params: { path: { carrier_name: 'stamps_com', carrier_id } },
      body: { nickname: 'n2', username: unique(), password: 'p2' },
    })
    assert.deepEqual(updated.data, { carrier_id })
    const one = await client.GET('/v1/carriers/{carrier_id}', { params: { path: { carrier_id } } })
    assert.equal(one.data?.nickname, 'n2')
    const gone = await client.DELETE('/v1/connections/carriers/{carrier_name}/{carrier_id}', {
      params: { path: { carrier_name: 'stamps_com', carrier_id } },
    })
    assert.equal(gone.response.status, 204)

    const { carrier_id: fedex = '' } =
      (
        await client.POST('/v1/connections/carriers/{carrier_name}', {
          params: { path: { carrier_name: 'fedex' } },
          body: { ...connectBodies.fedex, address2: 'x', company: 'x', meter_number: 'x' },
        })
      ).data ?? {}
    const path = { carrier_name: 'fedex' as const, carrier_id: fedex }
    const set = await client.PUT('/v1/connections/carriers/{carrier_name}/{carrier_id}/settings', {
      params: { path },
      body: { nickname: 'dock', pickup_type: 'drop_box' },
    })
    assert.equal(set.response.status, 204)
    const settings = await client.GET('/v1/connections/carriers/{carrier_name}/{carrier_id}/settings', {
      params: { path },
    })
    assert.deepEqual(settings.data, { nickname: 'dock', pickup_type: 'drop_box', is_primary_account: true })
  })

  test('openapi-fetch reads a refusal from the envelope', async () => {
    const client = createClient<paths>({ baseUrl, headers: { 'API-Key': server().key } })
    const { error, response } = await client.GET('/v1/carriers/{carrier_id}', {
      params: { path: { carrier_id: 'se-0' } },
    })
    assert.equal(response.status, 404)
    assert.equal(error?.errors[0]?.error_code, 'carrier_not_connected')
  })

  test('shipstation-node lists the connections of the second version', async () => {
    // The package's modules import one another without endings, which only bundlers resolve.
    const hooks = registerHooks({
      resolve(specifier, context, next) {
        if (!specifier.startsWith('.') || !context.parentURL?.includes('/shipstation-node/'))
          return next(specifier, context)
        const candidates = [specifier, `${specifier}.js`, `${specifier}/index.js`]
        for (const candidate of candidates)
          try {
            return next(candidate, context)
          } catch {
            // There is no such file, but there may be one with the next ending.
          }
        return next(specifier, context)
      },
    })
    try {
      const module: any = await import('shipstation-node')
      const ShipStation = module.default
      const client = new ShipStation({ credentials: { v2: { apiKey: server().key } } })
      client.v2.baseURL = `${baseUrl}/v2`
      await server().request('POST', '/v1/connections/carriers/endicia', { body: connectBodies.endicia })
      const { carriers } = await client.v2.carriers.list()
      assert.ok(carriers.some(({ carrier_code }: { carrier_code: string }) => carrier_code === 'endicia'))
      const one = await client.v2.carriers.getById(carriers[0].carrier_id)
      assert.equal(one.carrier_id, carriers[0].carrier_id)
    } finally {
      hooks.deregister()
    }
  })
})
