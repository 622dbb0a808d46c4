import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonReply } from '../../src/simulator/define.ts'
import { unique } from '../support/bodies.ts'
import { openWorld } from '../support/carriers.ts'
import { onEveryDatabase, type House } from '../support/harness.ts'
import { stored } from '../support/stored.ts'

const PATH = '/v1/connections/carriers/mondial_relay'
const LTL = '/v-beta/ltl/connections/ODFL'
const world = openWorld()
const DAY_MS = 24 * 60 * 60_000

async function connect(house: House, body: Record<string, unknown> = {}) {
  const whole = { nickname: 'Relais', enseigne: unique('BD'), api_key: unique('private-key'), ...body }
  world.know('mondial_relay', whole)
  const { json } = await house.request('POST', PATH, { body: whole })
  return { id: json.carrier_id as string, path: `${PATH}/${json.carrier_id}`, body: whole }
}

const update = (house: House, path: string, body: Record<string, unknown>) => {
  world.know('mondial_relay', body)
  return house.request('PUT', path, { body })
}

const at = async (house: House, later: number, work: () => Promise<void>) => {
  const { clock } = house.ctx
  house.ctx.clock = () => new Date(clock().getTime() + later)
  try {
    await work()
  } finally {
    house.ctx.clock = clock
  }
}

onEveryDatabase(
  'custody of one connection',
  (house) => {
    test('a rollback proves the earlier credentials and puts them back as a new version', async () => {
      const { id, path, body } = await connect(house())
      const next = { ...body, api_key: unique('next-key') }
      assert.equal((await update(house(), path, next)).status, 200)
      world.know('mondial_relay', body)
      const answer = await house().request('POST', `${path}/rollback`)
      assert.equal(answer.status, 200, answer.text)
      assert.deepEqual([answer.json.carrier_id, answer.headers.etag], [id, '"v3"'])
      const { row, credentials } = await stored(house(), id)
      assert.deepEqual(
        [row.credentials_version, credentials.api_key, row.state],
        [3, body.api_key, 'verified'],
      )
      world.know('mondial_relay', next)
      assert.equal((await house().request('POST', `${path}/rollback`)).status, 200, 'and back again')
      assert.equal((await stored(house(), id)).credentials.api_key, next.api_key)
      const { json } = await house().request('GET', `/v1/audit?carrier_id=${id}`)
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
      const { id, path, body } = await connect(house())
      const nothing = await house().request('POST', `${path}/rollback`)
      assert.deepEqual([nothing.status, nothing.json.errors[0].error_code], [409, 'invalid_status'])
      const next = { ...body, api_key: unique('next-key') }
      await update(house(), path, next)
      const refused = await house().request('POST', `${path}/rollback`)
      assert.deepEqual([refused.status, refused.json.errors[0].error_code], [400, 'verification_failure'])
      world.know('mondial_relay', body)
      const stale = await house().request('POST', `${path}/rollback`, { headers: { 'if-match': '"v1"' } })
      assert.equal(stale.status, 412)
      const rehearsed = await house().request('POST', `${path}/rollback?verify=only`)
      assert.equal(rehearsed.json.verification.outcome, 'verified')
      await at(house(), 30 * DAY_MS + 1_000, async () =>
        assert.equal((await house().request('POST', `${path}/rollback`)).status, 409),
      )
      const { row, credentials } = await stored(house(), id)
      assert.deepEqual([row.version, credentials.api_key], [2, next.api_key])
    })

    test('only the version before the current one is kept, and it goes with the connection', async () => {
      const { id, path, body } = await connect(house())
      for (const api_key of ['second-key', 'third-key-0']) await update(house(), path, { ...body, api_key })
      world.know('mondial_relay', { ...body, api_key: 'second-key' })
      assert.equal((await house().request('POST', `${path}/rollback`)).status, 200)
      assert.equal((await stored(house(), id)).credentials.api_key, 'second-key')
      await house().request('DELETE', path)
      const left = await house().ctx.store.read(house().tenantId, (db) =>
        db.selectFrom('previous_credentials').select('carrier_id').where('carrier_id', '=', id).execute(),
      )
      assert.deepEqual(left, [])
    })

    test('an earlier envelope put into the place of the current one opens nothing', async () => {
      const { id, path, body } = await connect(house())
      await update(house(), path, { ...body, api_key: 'another-key' })
      const { ctx, tenantId } = house()
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
      assert.equal((await house().request('POST', `${path}/lease`)).status, 500)
      assert.equal((await house().request('POST', `${path}/verify`)).status, 500)
    })

    test('a lease hands out what is in force, on record first, and is kept nowhere', async () => {
      const { id, path, body } = await connect(house())
      const use = await house().newKey({ scopes: ['use'] })
      const answer = await house().request('POST', `${path}/lease`, { key: use })
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
      assert.ok(!house().logs.join().includes(body.api_key))
      const next = { ...body, api_key: unique('next-key') }
      await update(house(), path, next)
      const after = await house().request('POST', `${path}/lease?expires_in=30`, { key: use })
      assert.deepEqual([after.json.credentials.api_key, after.json.credentials_version], [next.api_key, 2])
      const { json } = await house().request('GET', `/v1/audit?carrier_id=${id}&action=connection.leased`)
      assert.equal(json.total, 2)
      assert.equal(json.events[0].actor, `key:${use.split('_')[1]}`)
    })

    test('a lease needs its own scope, a time within bounds, and a connection of this tenant', async () => {
      const { id, path } = await connect(house())
      const keys = {
        write: await house().newKey({ scopes: ['write'] }),
        use: await house().newKey({ scopes: ['use'] }),
        sandbox: await house().newKey({ scopes: ['use'], environment: 'sandbox' }),
        foreign: await house().newKey({ scopes: ['use'], tenantId: await house().newTenant() }),
      }
      const ask = async (key: string, query = '') =>
        (await house().request('POST', `${path}/lease${query}`, { key })).status
      assert.deepEqual(
        [await ask(keys.write), await ask(keys.sandbox), await ask(keys.foreign)],
        [403, 404, 404],
      )
      for (const query of ['?expires_in=29', '?expires_in=3601', '?expires_in=x', '?state=all'])
        assert.equal(await ask(keys.use, query), 400, query)
      const { json } = await house().request('GET', `/v1/audit?carrier_id=${id}&action=connection.leased`)
      assert.equal(json.total, 0)
    })

    test('what the carrier refuses is leased to nobody but an admin who asks for any state', async () => {
      const { path, body } = await connect(house())
      world.know('mondial_relay', { ...body, api_key: 'changed at the carrier' })
      assert.equal((await house().request('POST', `${path}/verify`)).json.state, 'needs_reauth')
      const use = await house().newKey({ scopes: ['use'] })
      const refused = await house().request('POST', `${path}/lease`, { key: use })
      assert.deepEqual([refused.status, refused.json.errors[0].error_code], [409, 'invalid_status'])
      assert.match(refused.json.errors[0].message, /Update the connection/)
      assert.equal((await house().request('POST', `${path}/lease?state=any`, { key: use })).status, 403)
      const any = await house().request('POST', `${path}/lease?state=any`)
      assert.deepEqual([any.status, any.json.state], [200, 'needs_reauth'])
      await house().request('DELETE', path)
      assert.equal((await house().request('POST', `${path}/lease?state=any`)).status, 404)
    })

    test('an LTL connection has the same doors, under any of its SCACs', async () => {
      const credentials = { username: 'u', password: 'the-right-one', account_number: unique() }
      world.know('ODFL', credentials)
      const { json } = await house().request('POST', LTL, { body: { credentials } })
      const path = `${LTL}/${json.carrier_id}`
      assert.equal((await house().request('POST', `${path}/verify`)).json.state, 'verified')
      const wrong = { ...credentials, password: 'a-wrong-one' }
      const refused = await house().request('PUT', path, { body: { credentials: wrong } })
      assert.deepEqual([refused.status, refused.json.errors[0].error_code], [400, 'verification_failure'])
      world.know('ODFL', wrong)
      assert.equal((await house().request('PUT', path, { body: { credentials: wrong } })).status, 200)
      world.know('ODFL', credentials)
      assert.equal((await house().request('POST', `${path}/rollback`)).status, 200)
      const lease = await house().request('POST', `${path.replace('ODFL', 'odfl')}/lease`)
      assert.deepEqual([lease.json.carrier, lease.json.credentials], ['ODFL', credentials])
    })

    test('connections are found by state, carrier and age, those longest in their state first', async () => {
      const key = await house().newKey({ tenantId: await house().newTenant() })
      const find = async (query: string) =>
        (await house().request('GET', `/v1/connections?${query}`, { key })).json
      const made: string[] = []
      for (let count = 0; count < 3; count += 1) {
        const body = { nickname: 'n', enseigne: unique('BD'), api_key: unique('private-key') }
        world.know('mondial_relay', body)
        world.answer('mondial_relay', count === 1 ? () => jsonReply(503, {}) : undefined)
        made.push((await house().request('POST', PATH, { key, body })).json.carrier_id)
      }
      world.answer('mondial_relay', undefined)
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
        assert.equal((await house().request('GET', `/v1/connections?${query}`, { key })).status, 400, query)
    })
  },
  { outbound: world.outbound },
)
