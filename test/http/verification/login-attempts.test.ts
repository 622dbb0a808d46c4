import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  verifiableCarriers,
  openSimulatedCarriers,
  operatorEnv,
} from '../../support/carriers/simulated-carriers.ts'
import { connectPath } from '../../support/carriers/new-account.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { Answer, TestServer, RequestOptions } from '../../support/server/test-server.ts'
import { DAY, HOUR, MINUTE } from '../../support/clock.ts'

const simulated = openSimulatedCarriers()
const relay = () => ({ nickname: 'n', enseigne: unique('BD'), api_key: unique('private-key') })
type Relay = ReturnType<typeof relay>

const pathOf = (id: string) => {
  const carrier = verifiableCarriers.find((one) => one.id === id)
  if (!carrier) throw new Error(id)
  return connectPath(carrier)
}
const PATH = pathOf('mondial_relay')

const connect = (server: TestServer, body: Relay, query = '', options: RequestOptions = {}) =>
  server.request('POST', `${PATH}${query}`, { body, ...options })
const statuses = (answers: readonly Answer[]) => answers.map(({ status }) => status)

/** Lets the clock of the server go `ms` forward or back while `work` is done. */
async function shifted<T>(server: TestServer, ms: number, work: () => Promise<T>): Promise<T> {
  const { clock } = server.ctx
  server.ctx.clock = () => new Date(clock().getTime() + ms)
  try {
    return await work()
  } finally {
    server.ctx.clock = clock
  }
}

/** Begins three attempts on one login, which the carrier has got and has not answered yet. */
async function threeUnderWay(server: TestServer) {
  const body = relay()
  simulated.know('mondial_relay', body)
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
  simulated.meanwhile = () => answered
  const asked = simulated.asked.length + 3
  const asking = [1, 2, 3].map(() => connect(server, body, '?verify=only'))
  while (simulated.asked.length < asked) await sleep(5)
  return { body, asked, asking, answer }
}

onEveryDatabase(
  'attempts at a carrier',
  (server) => {
    test('connections that are asked about at once do not hold one another back', async () => {
      const body = relay()
      simulated.know('mondial_relay', body)
      simulated.meanwhile = () => sleep(20)
      const others = await Promise.all(Array.from({ length: 6 }, () => server().newKey()))
      const same = await Promise.all(others.map((key) => connect(server(), body, '?verify=only', { key })))
      assert.deepEqual(statuses(same), Array(6).fill(200), 'they waited for one another')

      const path = pathOf('DYLT')
      const ids: string[] = []
      for (let i = 0; i < 6; i += 1) {
        const credentials = { client_id: unique('client'), client_secret: unique('secret'), username: 'u' }
        simulated.know('DYLT', credentials)
        ids.push((await server().request('POST', path, { body: { credentials } })).json.carrier_id as string)
      }
      simulated.answer('DYLT', () => ({
        ...{ status: 200, headers: { 'content-type': 'application/json' } },
        body: JSON.stringify({ access_token: unique('token'), expires_in: '3600' }),
      }))
      const leases = await shifted(server(), 2 * HOUR, () =>
        Promise.all(ids.map((id) => server().request('POST', `${path}/${id}/lease?as=token`))),
      )
      simulated.meanwhile = undefined
      assert.deepEqual(statuses(leases), Array(6).fill(200))
    })

    test('who finds others asking is told so, and not that the carrier refused them', async (t) => {
      if (process.env.HAWSER_TEST_QUICK === '1') return t.skip('it waits for seconds')
      const { body, asked, asking, answer } = await threeUnderWay(server())
      const began = performance.now()
      const late = await connect(server(), body, '?verify=only')
      assert.ok(performance.now() - began < 8_500)
      assert.equal(late.status, 429)
      assert.ok(Number(late.headers['retry-after']) <= 15)
      assert.match(late.json.errors[0].message, /is being asked about this login by others/)
      assert.equal(simulated.asked.length, asked)
      answer()
      simulated.meanwhile = undefined
      assert.deepEqual(statuses(await Promise.all(asking)), [200, 200, 200])
      assert.equal((await connect(server(), body, '?verify=only')).status, 200)
    })

    test('an attempt whose process died is over after half a minute', async () => {
      const { body, asking, answer } = await threeUnderWay(server())
      simulated.meanwhile = undefined
      const later = await shifted(server(), 31_000, () => connect(server(), body, '?verify=only'))
      assert.equal(later.status, 200)
      answer()
      await Promise.all(asking)
    })

    test('what a clock wrote that was wrong counts no more once it is right', async () => {
      const body = relay()
      simulated.know('mondial_relay', { ...body, api_key: 'the-right-key' })
      await shifted(server(), 30 * DAY, async () => {
        for (const status of [400, 400, 400, 429])
          assert.equal((await connect(server(), body)).status, status)
      })
      assert.equal((await connect(server(), { ...body, api_key: 'the-right-key' })).status, 200)
    })

    test('who is held back is told for how many minutes', async () => {
      const body = relay()
      simulated.know('mondial_relay', {})
      for (const _ of [1, 2, 3]) assert.equal((await connect(server(), body)).status, 400)
      const told = async (ms: number) => {
        const answer = await shifted(server(), ms, () => connect(server(), body))
        assert.equal(answer.status, 429)
        return answer.json.errors[0].message as string
      }
      assert.match(await told(0), /try again in 15 minutes\.$/)
      assert.match(await told(10.5 * MINUTE), /try again in 5 minutes\.$/)
      assert.match(await told(14.5 * MINUTE), /try again in a minute\.$/)
    })

    /** Makes a verified connection of the first tenant, and a stranger who has used up the attempts on its login. */
    const besieged = async () => {
      const body = relay()
      simulated.know('mondial_relay', body)
      const { json } = await connect(server(), body)
      const key = await server().newKey({ tenantId: await server().newTenant('a stranger') })
      const guess = () => connect(server(), { ...body, api_key: unique('a-guess-of-it') }, '', { key })
      for (const status of [400, 400, 400, 429]) assert.equal((await guess()).status, status)
      const path = `${PATH}/${json.carrier_id}`
      const verify = async () => (await server().request('POST', `${path}/verify`)).json?.state
      return { body, path, guess, verify, put: (body: Relay) => server().request('PUT', path, { body }) }
    }

    test('strangers cannot bar what the carrier has verified, and what it says counts for all', async () => {
      const { body, guess, verify } = await besieged()
      assert.equal(await verify(), 'verified')
      for (const status of [400, 400, 400, 429])
        assert.equal((await guess()).status, status, 'a verified login ends the count')
      simulated.know('mondial_relay', { ...body, api_key: 'changed at the carrier' })
      assert.equal(await verify(), 'needs_reauth', 'it was asked, and was refused')
      assert.equal((await guess()).status, 429)
    })

    test('a token is leased while strangers guess', async () => {
      const path = pathOf('dhl_ecommerce')
      const body = {
        ...{ nickname: 'n', client_id: 'c', username: 'u', password: 'p', distribution_center: 'd' },
        ...{ pickup_number: 'PK1', api_key: unique('goodkey'), api_secret: unique('goodsecret') },
      }
      simulated.know('dhl_ecommerce', body)
      const { json } = await server().request('POST', path, { body })
      const key = await server().newKey({ tenantId: await server().newTenant('a stranger') })
      await shifted(server(), 2 * HOUR, async () => {
        for (const status of [400, 400, 400, 429]) {
          const guessed = { ...body, api_secret: unique('a-guess-of-it') }
          assert.equal((await server().request('POST', path, { key, body: guessed })).status, status)
        }
        const lease = await server().request('POST', `${path}/${json.carrier_id}/lease?as=token`)
        assert.equal(lease.status, 200, lease.text)
      })
    })

    test('who holds a connection may replace its password while strangers guess, and has three attempts for that', async () => {
      const { body, guess, put } = await besieged()
      simulated.know('mondial_relay', { ...body, api_key: 'the-new-password' })
      for (const _ of [1, 2]) assert.equal((await put({ ...body, api_key: unique('mistyped') })).status, 400)
      assert.equal((await put({ ...body, api_key: 'the-new-password' })).status, 200)
      assert.equal((await guess()).status, 400, 'a verified login ends the count')
    })

    test('who holds a connection has three attempts and no more', async () => {
      const { body, put, verify } = await besieged()
      for (const status of [400, 400, 400, 429])
        assert.equal((await put({ ...body, api_key: unique('mistyped') })).status, status)
      assert.equal(await verify(), 'verified', 'what is in force is as good as it was')
    })

    test('a connection of another login, or one that was never verified, is no way around', async () => {
      const { body, guess } = await besieged()
      const key = await server().newKey({ tenantId: await server().newTenant('another stranger') })
      const own = relay()
      simulated.know('mondial_relay', own)
      const verified = await connect(server(), own, '', { key })
      simulated.know('mondial_relay', body)
      const moved = { ...own, enseigne: body.enseigne }
      const put = (id: string, body: Relay) => server().request('PUT', `${PATH}/${id}`, { key, body })
      assert.equal((await put(verified.json.carrier_id, moved)).status, 429)

      simulated.answer('mondial_relay', () => ({ status: 503, headers: {}, body: '' }))
      await shifted(server(), 16 * MINUTE, async () => {
        const stored = await connect(server(), { ...body, api_key: unique('a-guess-of-it') }, '', { key })
        assert.equal(stored.status, 200, stored.text)
        simulated.answer('mondial_relay', undefined)
        for (const status of [400, 400, 400, 429]) assert.equal((await guess()).status, status)
        const guessed = { ...body, api_key: unique('a-guess-of-it') }
        assert.equal((await put(stored.json.carrier_id, guessed)).status, 429)
      })
    })

    test('credentials that the carrier refuses are not asked about for ever, however many connections hold them', async () => {
      const body = relay()
      simulated.know('mondial_relay', body)
      const ids: { path: string; key: string }[] = []
      for (let i = 0; i < 5; i += 1) {
        const key = await server().newKey({ tenantId: await server().newTenant() })
        const { json } = await connect(server(), body, '', { key })
        ids.push({ path: `${PATH}/${json.carrier_id}`, key })
      }
      simulated.know('mondial_relay', { ...body, api_key: 'changed at the carrier' })
      const before = simulated.asked.length
      for (const { path, key } of ids) await server().request('POST', `${path}/verify`, { key })
      assert.equal(simulated.asked.length - before, 3)
    })
  },
  { env: operatorEnv, outbound: simulated.outbound },
)
