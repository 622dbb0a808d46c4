import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonReply } from '../../../src/simulator/define.ts'
import { unique } from '../../support/unique.ts'
import { openSimulatedCarriers } from '../../support/carriers/simulated-carriers.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { TestServer } from '../../support/server/test-server.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'

const PATH = '/v1/connections/carriers/mondial_relay'
const LTL = '/v-beta/ltl/connections/ODFL'
const simulated = openSimulatedCarriers()
const DAY_MS = 24 * 60 * 60_000

async function connect(server: TestServer, body: Record<string, unknown> = {}) {
  const whole = { nickname: 'Relais', enseigne: unique('BD'), api_key: unique('private-key'), ...body }
  simulated.know('mondial_relay', whole)
  const { json } = await server.request('POST', PATH, { body: whole })
  return { id: json.carrier_id as string, path: `${PATH}/${json.carrier_id}`, body: whole }
}

const update = (server: TestServer, path: string, body: Record<string, unknown>) => {
  simulated.know('mondial_relay', body)
  return server.request('PUT', path, { body })
}

const at = async (server: TestServer, later: number, work: () => Promise<void>) => {
  const { clock } = server.ctx
  server.ctx.clock = () => new Date(clock().getTime() + later)
  try {
    await work()
  } finally {
    server.ctx.clock = clock
  }
}

onEveryDatabase(
  'custody of one connection',
  (server) => {
    test('a rollback verifies the earlier credentials and puts them back as a new version', async () => {
      const { id, path, body } = await connect(server())
      const next = { ...body, api_key: unique('next-key') }
      assert.equal((await update(server(), path, next)).status, 200)
      simulated.know('mondial_relay', body)
      const answer = await server().request('POST', `${path}/rollback`)
      assert.equal(answer.status, 200, answer.text)
      assert.deepEqual([answer.json.carrier_id, answer.headers.etag], [id, '"v3"'])
      const { row, credentials } = await storedConnection(server(), id)
      assert.deepEqual(
        [row.credentials_version, credentials.api_key, row.state],
        [3, body.api_key, 'verified'],
      )
      simulated.know('mondial_relay', next)
      assert.equal((await server().request('POST', `${path}/rollback`)).status, 200, 'and back again')
      assert.equal((await storedConnection(server(), id)).credentials.api_key, next.api_key)
      const { json } = await server().request('GET', `/v1/audit?carrier_id=${id}`)
      assert.deepEqual(
        json.events.map(({ action, version }: any) => [action, version]),
        [
          ['connection.rolled_back', 4],
          ['connection.rolled_back', 3],
          ['connection.updated', 2],
          ['connection.connected', 1],
        ],
      )
    })

    test('a rollback to what the carrier refuses, or to nothing, changes nothing', async () => {
      const { id, path, body } = await connect(server())
      const nothing = await server().request('POST', `${path}/rollback`)
      assert.deepEqual([nothing.status, nothing.json.errors[0].error_code], [409, 'invalid_status'])
      const next = { ...body, api_key: unique('next-key') }
      await update(server(), path, next)
      const refused = await server().request('POST', `${path}/rollback`)
      assert.deepEqual([refused.status, refused.json.errors[0].error_code], [400, 'verification_failure'])
      simulated.know('mondial_relay', body)
      const stale = await server().request('POST', `${path}/rollback`, { headers: { 'if-match': '"v1"' } })
      assert.equal(stale.status, 412)
      const rehearsed = await server().request('POST', `${path}/rollback?verify=only`)
      assert.equal(rehearsed.json.verification.outcome, 'verified')
      await at(server(), 30 * DAY_MS + 1_000, async () =>
        assert.equal((await server().request('POST', `${path}/rollback`)).status, 409),
      )
      const { row, credentials } = await storedConnection(server(), id)
      assert.deepEqual([row.version, credentials.api_key], [2, next.api_key])
    })

    test('only the version before the current one is kept, and it goes with the connection', async () => {
      const { id, path, body } = await connect(server())
      for (const api_key of ['second-key', 'third-key-0']) await update(server(), path, { ...body, api_key })
      simulated.know('mondial_relay', { ...body, api_key: 'second-key' })
      assert.equal((await server().request('POST', `${path}/rollback`)).status, 200)
      assert.equal((await storedConnection(server(), id)).credentials.api_key, 'second-key')
      await server().request('DELETE', path)
      const left = await server().ctx.store.read(server().tenantId, (db) =>
        db.selectFrom('previous_credentials').select('carrier_id').where('carrier_id', '=', id).execute(),
      )
      assert.deepEqual(left, [])
    })

    test('an earlier envelope put into the place of the current one opens nothing', async () => {
      const { id, path, body } = await connect(server())
      await update(server(), path, { ...body, api_key: 'another-key' })
      const { ctx, tenantId } = server()
      await ctx.store.transaction(tenantId, async (tx) => {
        const row = await tx
          .selectFrom('previous_credentials')
          .selectAll()
          .where('carrier_id', '=', id)
          .executeTakeFirstOrThrow()
        await tx
          .updateTable('connection')
          .set({ credentials: row.credentials, credentials_version: row.credentials_version })
          .where('carrier_id', '=', id)
          .execute()
      })
      assert.equal((await server().request('POST', `${path}/lease`)).status, 500)
      assert.equal((await server().request('POST', `${path}/verify`)).status, 500)
    })

    test('a lease hands out what is in force, on record first, and is kept nowhere', async () => {
      const { id, path, body } = await connect(server())
      const use = await server().newKey({ scopes: ['use'] })
      const answer = await server().request('POST', `${path}/lease`, { key: use })
      assert.equal(answer.status, 200, answer.text)
      assert.equal(answer.headers['cache-control'], 'private, no-store')
      const { expires_at, ...lease } = answer.json
      assert.deepEqual(lease, {
        carrier_id: id,
        carrier: 'mondial_relay',
        state: 'verified',
        credentials_version: 1,
        credentials: { enseigne: body.enseigne, api_key: body.api_key },
      })
      const seconds = (Date.parse(expires_at) - Date.now()) / 1_000
      assert.ok(seconds > 290 && seconds <= 300)
      assert.ok(!server().logs.join().includes(body.api_key))
      const next = { ...body, api_key: unique('next-key') }
      await update(server(), path, next)
      const after = await server().request('POST', `${path}/lease?expires_in=30`, { key: use })
      assert.deepEqual([after.json.credentials.api_key, after.json.credentials_version], [next.api_key, 2])
      const { json } = await server().request('GET', `/v1/audit?carrier_id=${id}&action=connection.leased`)
      assert.equal(json.total, 2)
      assert.equal(json.events[0].actor, `key:${use.split('_')[1]}`)
    })

    test('a lease needs its own scope, a time within bounds, and a connection of this tenant', async () => {
      const { id, path } = await connect(server())
      const keys = {
        write: await server().newKey({ scopes: ['write'] }),
        use: await server().newKey({ scopes: ['use'] }),
        sandbox: await server().newKey({ scopes: ['use'], environment: 'sandbox' }),
        foreign: await server().newKey({ scopes: ['use'], tenantId: await server().newTenant() }),
      }
      const ask = async (key: string, query = '') =>
        (await server().request('POST', `${path}/lease${query}`, { key })).status
      assert.deepEqual(
        [await ask(keys.write), await ask(keys.sandbox), await ask(keys.foreign)],
        [403, 404, 404],
      )
      for (const query of ['?expires_in=29', '?expires_in=3601', '?expires_in=x', '?state=all'])
        assert.equal(await ask(keys.use, query), 400, query)
      const { json } = await server().request('GET', `/v1/audit?carrier_id=${id}&action=connection.leased`)
      assert.equal(json.total, 0)
    })

    test('what the carrier refuses is leased to nobody but an admin who asks for any state', async () => {
      const { path, body } = await connect(server())
      simulated.know('mondial_relay', { ...body, api_key: 'changed at the carrier' })
      assert.equal((await server().request('POST', `${path}/verify`)).json.state, 'needs_reauth')
      const use = await server().newKey({ scopes: ['use'] })
      const refused = await server().request('POST', `${path}/lease`, { key: use })
      assert.deepEqual([refused.status, refused.json.errors[0].error_code], [409, 'invalid_status'])
      assert.match(refused.json.errors[0].message, /Update the connection/)
      assert.equal((await server().request('POST', `${path}/lease?state=any`, { key: use })).status, 403)
      const any = await server().request('POST', `${path}/lease?state=any`)
      assert.deepEqual([any.status, any.json.state], [200, 'needs_reauth'])
      await server().request('DELETE', path)
      assert.equal((await server().request('POST', `${path}/lease?state=any`)).status, 404)
    })

    test('an LTL connection has the same routes, under any of its SCACs', async () => {
      const credentials = { username: 'u', password: 'the-right-one', account_number: unique() }
      simulated.know('ODFL', credentials)
      const { json } = await server().request('POST', LTL, { body: { credentials } })
      const path = `${LTL}/${json.carrier_id}`
      assert.equal((await server().request('POST', `${path}/verify`)).json.state, 'verified')
      const wrong = { ...credentials, password: 'a-wrong-one' }
      const refused = await server().request('PUT', path, { body: { credentials: wrong } })
      assert.deepEqual([refused.status, refused.json.errors[0].error_code], [400, 'verification_failure'])
      simulated.know('ODFL', wrong)
      assert.equal((await server().request('PUT', path, { body: { credentials: wrong } })).status, 200)
      simulated.know('ODFL', credentials)
      assert.equal((await server().request('POST', `${path}/rollback`)).status, 200)
      const lease = await server().request('POST', `${path.replace('ODFL', 'odfl')}/lease`)
      assert.deepEqual([lease.json.carrier, lease.json.credentials], ['ODFL', credentials])
    })

    test('connections are found by state, carrier and age, those longest in their state first', async () => {
      const key = await server().newKey({ tenantId: await server().newTenant() })
      const find = async (query: string) =>
        (await server().request('GET', `/v1/connections?${query}`, { key })).json
      const made: string[] = []
      for (let count = 0; count < 3; count += 1) {
        const body = { nickname: 'n', enseigne: unique('BD'), api_key: unique('private-key') }
        simulated.know('mondial_relay', body)
        simulated.answer('mondial_relay', count === 1 ? () => jsonReply(503, {}) : undefined)
        made.push((await server().request('POST', PATH, { key, body })).json.carrier_id)
      }
      simulated.answer('mondial_relay', undefined)
      const ids = (page: any) => page.connections.map(({ carrier_id }: any) => carrier_id)
      assert.deepEqual(ids(await find('')), made)
      assert.deepEqual(ids(await find('state=unverified')), [made[1]])
      assert.deepEqual(ids(await find('page=2&page_size=2')), [made[2]])
      assert.deepEqual((await find('page=2&page_size=2')).pages, 2)
      assert.deepEqual(ids(await find('carrier=Mondial-Relay&environment=production')), made)
      assert.deepEqual(ids(await find('carrier=FXFE')), [])
      assert.deepEqual(ids(await find('older_than=2020-01-01')), [])
      assert.deepEqual(ids(await find('older_than=9999-01-01')), made)
      for (const query of ['state=x', 'carrier=nobody', 'environment=sandbox', 'older_than=x', 'page=0'])
        assert.equal((await server().request('GET', `/v1/connections?${query}`, { key })).status, 400, query)
    })
  },
  { outbound: simulated.outbound },
)
