import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OUTCOMES, type VerificationOutcome } from '../../../src/catalog/verification.ts'
import { jsonReply } from '../../../src/simulator/define.ts'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { openSimulatedCarriers, operatorEnv } from '../../support/carriers/simulated-carriers.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { Answer, TestServer, RequestOptions } from '../../support/server/test-server.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'

const PATH = '/v1/connections/carriers/mondial_relay'
const simulated = openSimulatedCarriers()
const relay = (more: Record<string, unknown> = {}) => ({
  nickname: 'Relais',
  enseigne: unique('BD'),
  api_key: unique('private-key'),
  ...more,
})
const stat = (code: number) => ({
  status: 200,
  headers: { 'content-type': 'text/xml' },
  body: `<Envelope><Body><R><STAT>${code}</STAT></R></Body></Envelope>`,
})
const OUTAGE = jsonReply(503, {})

const reason = ({ json }: Answer) => [
  json.errors[0].error_source,
  json.errors[0].error_type,
  json.errors[0].error_code,
]
const REFUSED = ['carrier', 'account_status', 'verification_failure']
const IMPOSSIBLE = ['carrier', 'integrations', 'verification_failure']

async function connect(
  server: TestServer,
  body: Record<string, unknown>,
  options: RequestOptions & { query?: string } = {},
) {
  const { query = '', ...more } = options
  return server.request('POST', `${PATH}${query}`, { body, ...more })
}

/** Makes a connection that the carrier has verified. */
async function connectVerified(server: TestServer, body = relay(), options: RequestOptions = {}) {
  simulated.know('mondial_relay', body)
  simulated.answer('mondial_relay', undefined)
  const answer = await connect(server, body, options)
  assert.equal(answer.status, 200, answer.text)
  return { id: answer.json.carrier_id as string, path: `${PATH}/${answer.json.carrier_id}`, body }
}

const actions = async (server: TestServer, { id }: { id?: string } = {}) => {
  const { json } = await server.request('GET', `/v1/audit?page_size=500${id ? `&carrier_id=${id}` : ''}`)
  return (json.events as { action: string; outcome: string }[]).map(
    ({ action, outcome }) => `${action} ${outcome}`,
  )
}

onEveryDatabase(
  'verification in production',
  (server) => {
    test('what the carrier accepts is verified, and says so where the connection is shown', async () => {
      const { id, path } = await connectVerified(server())
      const { json } = await server().request('GET', path)
      assert.deepEqual([json.state, json.diagnosis, json.next_step], ['verified', null, null])
      assert.ok(json.checked_at && json.state_since)
      assert.deepEqual(await actions(server(), { id }), ['connection.connected succeeded'])
    })

    test('what the carrier refuses is stored nowhere, and is on record', async () => {
      const before = (await actions(server())).length
      const body = relay()
      simulated.know('mondial_relay', { ...body, api_key: 'another-key' })
      const answer = await connect(server(), body)
      assert.equal(answer.status, 400)
      assert.deepEqual(reason(answer), REFUSED)
      assert.ok(!answer.text.includes(body.api_key) && !answer.text.includes('STAT'))
      const { json } = await server().request('GET', '/v1/carriers')
      assert.ok(!json.carriers.some((carrier: any) => carrier.account_number === body.enseigne))
      const events = await actions(server())
      assert.deepEqual(events.slice(0, events.length - before), ['connection.refused refused'])
    })

    const answers: Record<VerificationOutcome, { reply: ReturnType<typeof stat>; stores: boolean }> = {
      verified: { reply: stat(0), stores: true },
      invalid_credentials: { reply: stat(97), stores: false },
      not_entitled: { reply: stat(95), stores: false },
      platform_misconfigured: { reply: stat(0), stores: true },
      rate_limited: { reply: jsonReply(429, {}, { 'retry-after': '7' }) as never, stores: true },
      unavailable: { reply: OUTAGE as never, stores: true },
      inconclusive: { reply: stat(9), stores: true },
    }
    for (const outcome of OUTCOMES.filter((one) => one !== 'platform_misconfigured'))
      test(`${outcome}: what it does under each wish`, async () => {
        const { reply, stores } = answers[outcome]
        for (const wish of ['', '?verify=best-effort', '?verify=required', '?verify=only']) {
          const body = relay()
          const before = (await actions(server())).length
          simulated.know('mondial_relay', body)
          simulated.answer('mondial_relay', () => reply)
          const answer = await connect(server(), body, { query: wish })
          simulated.answer('mondial_relay', undefined)
          const isRequired = wish === '?verify=required'
          const status = !stores ? 400 : isRequired && outcome !== 'verified' ? 502 : 200
          assert.equal(answer.status, status, `${wish}: ${answer.text}`)
          if (status === 400) assert.deepEqual(reason(answer), REFUSED)
          if (status === 502) assert.deepEqual(reason(answer), IMPOSSIBLE)
          if (status === 502 && outcome === 'rate_limited') assert.equal(answer.headers['retry-after'], '7')
          if (wish === '?verify=only' && status === 200) {
            assert.equal(answer.json.verification.outcome, outcome)
            assert.equal(answer.headers.etag, undefined)
            assert.equal(answer.headers['hawser-notice'], undefined)
            assert.ok(!String(answer.json.verification.next_step).includes('is asked again'))
          }
          const { json } = await server().request('GET', '/v1/connections?page_size=500')
          const kept = json.connections.find((one: any) => one.account_number === body.enseigne)
          assert.equal(kept !== undefined, status === 200 && wish !== '?verify=only')
          if (wish === '?verify=only') assert.equal((await actions(server())).length, before)
          if (!kept) continue
          assert.equal(kept.state, outcome === 'verified' ? 'verified' : 'unverified')
          const told = [answer.headers['hawser-notice']].flat()
          assert.deepEqual(told, outcome === 'verified' ? [undefined] : [`unverified_${outcome}`])
        }
      })

    test('a registration of the operator that the carrier refuses is never the merchant’s fault', async () => {
      const body = { ...connectBodies.ups, account_number: unique('1Z') }
      simulated.know('ups', body)
      simulated.answer('ups', () =>
        jsonReply(401, { response: { errors: [{ code: '10401', message: 'x' }] } }),
      )
      const path = '/v1/connections/carriers/ups'
      const strict = await server().request('POST', `${path}?verify=required`, { body })
      assert.deepEqual([strict.status, reason(strict)], [502, IMPOSSIBLE])
      const usual = await server().request('POST', path, { body })
      simulated.answer('ups', undefined)
      assert.equal(usual.status, 200, usual.text)
      const state = await server().request('GET', `${path}/${usual.json.carrier_id}`)
      assert.equal(state.json.state, 'unverified')
      assert.match(state.json.next_step, /operator/)
    })

    test('a carrier that cannot be asked is stored unverified under any wish', async () => {
      for (const query of ['', '?verify=required']) {
        const body = { ...connectBodies.dhl_express, account_number: unique() }
        const path = '/v1/connections/carriers/dhl_express'
        const { status, json } = await server().request('POST', path + query, { body })
        assert.equal(status, 200)
        const state = await server().request('GET', `${path}/${json.carrier_id}`)
        assert.deepEqual([state.json.state, state.json.checked_at], ['unverified', null])
      }
    })

    test('a wish that is none is refused by name', async () => {
      for (const query of ['?verify=', '?verify=yes', '?verify=only&verify=only']) {
        const answer = await connect(server(), relay(), { query })
        assert.deepEqual([answer.status, answer.json.errors[0].field_name], [400, 'verify'])
      }
    })

    test('a duplicate is refused before anybody is asked', async () => {
      const { body } = await connectVerified(server())
      const before = simulated.asked.length
      const answer = await connect(server(), relay({ enseigne: body.enseigne }))
      assert.deepEqual([answer.status, simulated.asked.length], [409, before])
    })

    test('an update that the carrier refuses leaves the old credentials in force, byte for byte', async () => {
      const { id, path, body } = await connectVerified(server())
      const before = (await storedConnection(server(), id)).row
      const wrong = { ...body, api_key: unique('wrong-key') }
      for (const query of ['', '?verify=required', '?verify=only', '?verify=best-effort']) {
        // Each refusal counts for its account, so every request has another account and none is held back.
        const answer = await server().request('PUT', path + query, {
          body: { ...wrong, enseigne: unique('BD') },
        })
        assert.deepEqual([answer.status, reason(answer)], [400, REFUSED], query)
        assert.equal(answer.json.errors[0].carrier_id, id)
      }
      const after = (await storedConnection(server(), id)).row
      assert.deepEqual({ ...after, credentials: undefined }, { ...before, credentials: undefined })
      assert.ok(Buffer.from(after.credentials).equals(Buffer.from(before.credentials)))
      assert.equal(
        (await actions(server(), { id })).filter((one) => one === 'connection.refused refused').length,
        3,
        'each is on record but the one that stores nothing',
      )
    })

    test('an update in an outage is stored unverified, and the next check verifies it', async () => {
      const { id, path, body } = await connectVerified(server())
      const next = { ...body, api_key: unique('next-key') }
      simulated.answer('mondial_relay', () => OUTAGE)
      assert.equal((await server().request('PUT', `${path}?verify=required`, { body: next })).status, 502)
      assert.equal((await storedConnection(server(), id)).credentials.api_key, body.api_key)
      assert.equal((await server().request('PUT', path, { body: next })).status, 200)
      assert.equal((await server().request('GET', path)).json.state, 'unverified')
      simulated.answer('mondial_relay', undefined)
      simulated.know('mondial_relay', next)
      const checked = await server().request('POST', `${path}/verify`)
      assert.deepEqual([checked.json.state, checked.json.verification.outcome], ['verified', 'verified'])
    })

    test('of two updates at once each is verified as it is stored', async () => {
      const { id, path, body } = await connectVerified(server(), relay())
      simulated.answer('mondial_relay', () => stat(0))
      let entered = false
      simulated.meanwhile = async () => {
        if (entered) return
        entered = true
        const { status } = await server().request('PUT', path, { body: { ...body, nickname: 'Between' } })
        assert.equal(status, 200)
      }
      const asked = simulated.asked.length
      const answer = await server().request('PUT', path, { body: { ...body, api_key: 'the-last-key' } })
      simulated.meanwhile = undefined
      simulated.answer('mondial_relay', undefined)
      assert.equal(answer.status, 200)
      const { row, credentials } = await storedConnection(server(), id)
      assert.deepEqual([row.version, row.credentials_version, credentials.api_key], [3, 2, 'the-last-key'])
      assert.equal(simulated.asked.length - asked, 2, 'what was verified is what was stored')
    })

    test('three refusals of one account hold back a fourth, over all tenants, until they are old', async () => {
      const body = relay()
      const other = await server().newKey({ tenantId: await server().newTenant() })
      simulated.know('mondial_relay', { ...body, api_key: 'the-right-key' })
      const before = simulated.asked.length
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) => connect(server(), body, index % 2 ? { key: other } : {})),
      )
      const refused = answers.filter(({ status }) => status === 400)
      const heldBack = answers.filter(({ status }) => status === 429)
      assert.deepEqual([refused.length, heldBack.length], [3, 7])
      assert.equal(simulated.asked.length - before, 3, 'nobody else reached the carrier')
      assert.equal(heldBack[0]?.json.errors[0].error_code, 'rate_limit_exceeded')
      const wait = Number(heldBack[0]?.headers['retry-after'])
      assert.ok(wait > 800 && wait <= 900, `${wait}`)
      const right = { ...body, api_key: 'the-right-key' }
      assert.equal((await connect(server(), right)).status, 429, 'not even the right one')
      const { clock } = server().ctx
      server().ctx.clock = () => new Date(clock().getTime() + 15 * 60_000 + 1_000)
      assert.equal((await connect(server(), right)).status, 200)
      server().ctx.clock = clock
    })

    test('what was no refusal never counts', async () => {
      const body = relay()
      simulated.know('mondial_relay', body)
      for (let tried = 0; tried < 6; tried += 1) {
        simulated.answer('mondial_relay', () => (tried % 2 ? OUTAGE : stat(9)))
        assert.equal((await connect(server(), body, { query: '?verify=required' })).status, 502)
      }
      simulated.answer('mondial_relay', undefined)
      assert.equal((await connect(server(), body)).status, 200)
    })

    test('a check on demand tells an outage from a refusal', async () => {
      const { id, path, body } = await connectVerified(server())
      const check = async () => (await server().request('POST', `${path}/verify`)).json
      simulated.answer('mondial_relay', () => OUTAGE)
      const states = []
      for (let asked = 0; asked < 4; asked += 1) states.push((await check()).state)
      assert.deepEqual(states, ['verified', 'verified', 'degraded', 'degraded'])
      simulated.answer('mondial_relay', () => stat(9))
      assert.equal((await check()).state, 'degraded', 'an answer that says nothing changes nothing')
      simulated.answer('mondial_relay', undefined)
      assert.equal((await check()).state, 'verified')
      simulated.know('mondial_relay', { ...body, api_key: 'changed at the carrier' })
      const refused = await check()
      assert.equal(refused.state, 'needs_reauth')
      assert.match(refused.next_step, /Update/)
      simulated.answer('mondial_relay', () => OUTAGE)
      assert.equal((await check()).state, 'needs_reauth', 'an outage repairs nothing')
      simulated.answer('mondial_relay', undefined)
      const found = await server().request('GET', '/v1/connections?state=needs_reauth&carrier=mondial-relay')
      assert.ok(found.json.connections.some((one: any) => one.carrier_id === id))
      simulated.know('mondial_relay', { ...body, api_key: 'the-new-key' })
      const repaired = await server().request('PUT', path, { body: { ...body, api_key: 'the-new-key' } })
      assert.equal(repaired.status, 200)
      assert.equal((await server().request('GET', path)).json.state, 'verified')
      assert.deepEqual((await actions(server(), { id })).reverse(), [
        'connection.connected succeeded',
        ...Array<string>(3).fill('connection.checked succeeded'),
        'connection.updated succeeded',
      ])
    })
  },
  { env: operatorEnv, outbound: simulated.outbound },
)

onEveryDatabase('verification in the sandbox', (server) => {
  test('a credential names the outcome, and nothing leaves', async () => {
    const key = await server().newKey({ environment: 'sandbox' })
    const expected: Record<VerificationOutcome, [number, string?]> = {
      verified: [200, 'verified'],
      invalid_credentials: [400],
      not_entitled: [400],
      platform_misconfigured: [200, 'unverified'],
      rate_limited: [200, 'unverified'],
      unavailable: [200, 'unverified'],
      inconclusive: [200, 'unverified'],
    }
    for (const carrier of ['mondial_relay', 'sendle'])
      for (const [outcome, [status, state]] of Object.entries(expected)) {
        const magic = `simulate-${outcome.replaceAll('_', '-')}`
        const body = {
          mondial_relay: { nickname: 'n', enseigne: magic, api_key: unique('a-private-key') },
          sendle: { nickname: 'n', sendle_id: unique(), api_key: magic },
        }[carrier]
        const path = `/v1/connections/carriers/${carrier}`
        const answer = await server().request('POST', path, { key, body })
        assert.equal(answer.status, status, `${carrier} ${outcome}: ${answer.text}`)
        if (state === undefined) assert.deepEqual(reason(answer), REFUSED)
        else {
          const shown = await server().request('GET', `${path}/${answer.json.carrier_id}`, { key })
          assert.equal(shown.json.state, state, `${carrier} ${outcome}`)
          await server().request('DELETE', `${path}/${answer.json.carrier_id}`, { key })
        }
      }
  })
})

for (const [policy, asks] of [
  ['off', 0],
  ['required', 1],
] as const)
  onEveryDatabase(
    `HAWSER_VERIFICATION=${policy}`,
    (server) => {
      test('decides where the request does not', async () => {
        const before = simulated.asked.length
        const body = relay()
        simulated.know('mondial_relay', body)
        simulated.answer('mondial_relay', () => OUTAGE)
        const usual = await connect(server(), body)
        assert.deepEqual(
          [usual.status, simulated.asked.length - before],
          [policy === 'off' ? 200 : 502, asks],
        )
        const softer = await connect(server(), relay(), { query: '?verify=best-effort' })
        assert.equal(softer.status, policy === 'off' ? 200 : 502, 'a request may ask for more, not for less')
        const asked = await connect(server(), relay(), { query: '?verify=only' })
        assert.equal(asked.status, usual.status, 'what a connect would come to')
        simulated.answer('mondial_relay', undefined)
      })
    },
    { env: { HAWSER_VERIFICATION: policy }, outbound: simulated.outbound },
  )
