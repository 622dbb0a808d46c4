import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import {
  UPS_CLIENT,
  openSimulatedUps,
  PUBLIC_URL,
  signInEnv,
  type SimulatedUps,
} from '../../support/sign-in/simulated-ups.ts'
import { returnFromSignIn, approveSignIn, merchantOf, type Merchant } from '../../support/sign-in/merchant.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'
import { auditTrail } from '../../support/audit/audit-events.ts'
import { createWebhook } from '../../support/webhooks/create-webhook.ts'
import { outbox } from '../../support/webhooks/outbox.ts'
import { requestConnect } from '../../support/connections/connect.ts'

const path = '/v1/connections/carriers/ups'

onEveryDatabase(
  'sign-in',
  (server) => {
    let ups: SimulatedUps
    let visitor: Merchant
    before(async () => {
      ups = openSimulatedUps(server())
      visitor = merchantOf(server())
      await createWebhook(server(), { event: 'connection.updated', url: 'https://hooks.example/' })
    })

    /** Makes UPS give this answer when it is asked about an account, and its usual answers otherwise. */
    const insteadOfRates = (answer: NonNullable<SimulatedUps['instead']>) => {
      const usual = server().ctx.outbound.ask
      const instead: NonNullable<SimulatedUps['instead']> = async (call) => {
        if (call.url.includes('/rating/')) return answer(call)
        ups.instead = undefined
        const reply = await usual('ups', [new URL(call.url).hostname], call)
        ups.instead = instead
        return reply
      }
      ups.instead = instead
    }

    test('connect sends the merchant to UPS, and nobody can use the connection until he is back', async () => {
      const { status, json, headers, text } = await requestConnect(server(), 'ups')
      assert.equal(status, 200)
      assert.deepEqual(Object.keys(json), ['carrier_id'])
      assert.equal(headers['cache-control'], 'private, no-store')
      const page = new URL(String(headers.location))
      assert.equal(page.origin + page.pathname, 'https://onlinetools.ups.com/security/v1/oauth/authorize')
      const { state, code_challenge, ...asked } = Object.fromEntries(page.searchParams)
      assert.deepEqual(asked, {
        client_id: UPS_CLIENT.ups_client_id,
        redirect_uri: `${PUBLIC_URL}/v1/sign_in/return`,
        response_type: 'code',
        code_challenge_method: 'S256',
      })
      assert.match(`${state} ${code_challenge}`, /^[\w-]{43} [\w-]{43}$/)
      assert.ok(!text.includes(state ?? '-'))
      const id = json.carrier_id as string
      const [row] = await visitor.rowsOf(id)
      assert.ok(row && !JSON.stringify(row).includes(state ?? '-'))
      assert.equal((await server().request('POST', `${path}/${id}/lease`)).status, 409)
      const listed = (await server().request('GET', `/v1/carriers/${id}`)).json
      assert.equal(listed.connection_status, 'pending_approval')
      const before = ups.calls.length
      const { json: check } = await server().request('POST', `${path}/${id}/verify`)
      assert.equal(check.verification.outcome, 'unasked')
      const waiting = (await server().request('GET', '/v1/connections?connection_status=pending_approval'))
        .json
      const found = waiting.connections.find((one: any) => one.carrier_id === id)
      const approved = await server().request('GET', '/v1/connections?connection_status=approved')
      assert.ok(!approved.text.includes(id))
      assert.equal((await server().request('GET', '/v1/connections?connection_status=any')).status, 400)
      for (const shown of [
        check,
        check.verification,
        (await server().request('GET', `${path}/${id}`)).json,
        found,
      ]) {
        assert.equal(shown.diagnosis, 'The merchant has not signed in yet.')
        assert.match(shown.next_step, /POST …\/sign_in/)
      }
      assert.equal(ups.calls.length, before)
      const planned = await server().ctx.store.read(server().tenantId, (db) =>
        db.selectFrom('scheduled_check').selectAll().where('carrier_id', '=', id).execute(),
      )
      assert.deepEqual(planned, [])
    })

    test('coming back approves the connection: one exchange, one version, one event, one message', async () => {
      const { id, state, code } = await visitor.begun()
      const messages = (await outbox(server())).length
      const exchanges = ups.count('/token')
      const { status, json, headers } = await returnFromSignIn(server(), { state, code })
      assert.equal(status, 200)
      assert.deepEqual(json, { message: 'The sign-in has succeeded. This page can be closed.' })
      assert.equal(headers['cache-control'], 'no-store')
      assert.equal(headers['referrer-policy'], 'no-referrer')
      assert.match(String(headers['content-security-policy']), /default-src 'none'/)
      assert.equal(ups.count('/token'), exchanges + 1)
      const { row, credentials } = await storedConnection(server(), id)
      assert.equal(credentials.sign_in, ups.good)
      assert.equal(row.connection_status, 'approved')
      assert.equal(row.state, 'verified')
      assert.deepEqual([row.version, row.credentials_version], [2, 2])
      assert.deepEqual(await visitor.rowsOf(id), [])
      const [connected, signed] = await auditTrail(server(), id)
      assert.equal(connected?.[0], 'connection.connected')
      assert.deepEqual(signed, ['connection.signed_in', ['sign_in'], 2])
      assert.equal((await outbox(server())).length, messages + 1)
      const lease = await server().request('POST', `${path}/${id}/lease`)
      assert.equal(lease.status, 200)
      assert.ok(!lease.text.includes(ups.good) && !('sign_in' in lease.json.credentials))
      const shown = await server().request('GET', `${path}/${id}`)
      assert.ok(!shown.text.includes('sign_in') && !shown.text.includes(ups.good))
    })

    test('who signs in for an account that UPS does not give him has no verified connection', async () => {
      const { id, state, code } = await visitor.begun()
      const asked: unknown[] = []
      const { account_number } = (await storedConnection(server(), id)).row
      insteadOfRates(async (call) => {
        const { credentials, row } = await storedConnection(server(), id)
        asked.push([credentials.sign_in, row.state, call.body?.includes(`"${account_number}"`)])
        const code = '{"response":{"errors":[{"code":"120100","message":"Invalid shipper number"}]}}'
        return { status: 400, headers: {}, body: code }
      })
      assert.equal((await returnFromSignIn(server(), { state, code })).status, 200)
      ups.instead = undefined
      assert.deepEqual(asked, [[ups.good, 'unverified', true]], 'kept before it is asked, and asked once')
      const { row } = await storedConnection(server(), id)
      assert.deepEqual(
        [row.connection_status, row.state, row.diagnosis],
        ['approved', 'action_required', 'not_entitled'],
      )
      const trailed = (await auditTrail(server(), id)).map(([action]) => action)
      assert.deepEqual(trailed, ['connection.connected', 'connection.signed_in', 'connection.checked'])
    })

    test('where UPS cannot be asked about the account the sign-in stands, and is checked soon', async () => {
      for (const fails of [
        () => Promise.reject(new Error('gone')),
        () => ({ status: 503, headers: {}, body: '' }),
      ]) {
        const { id, state, code } = await visitor.begun()
        insteadOfRates(fails)
        assert.equal((await returnFromSignIn(server(), { state, code })).status, 200)
        ups.instead = undefined
        const { row, credentials } = await storedConnection(server(), id)
        assert.deepEqual([row.connection_status, row.state], ['approved', 'unverified'])
        assert.equal(credentials.sign_in, ups.good)
        const [check] = await server().ctx.store.read(server().tenantId, (db) =>
          db.selectFrom('scheduled_check').select('due_at').where('carrier_id', '=', id).execute(),
        )
        assert.ok(Date.parse(check?.due_at ?? '9999') <= Date.now() + 6 * 60_000)
        const { json } = await server().request('POST', `${path}/${id}/verify`)
        assert.equal(json.state, 'verified')
      }
    })

    test('signing in again repairs a connection under its id', async () => {
      const { id } = await visitor.signedIn()
      ups.good = 'revoked at UPS'
      const { json } = await server().request('POST', `${path}/${id}/verify`)
      assert.equal(json.state, 'needs_reauth')
      assert.equal((await server().request('POST', `${path}/${id}/lease`)).status, 409)
      const before = await storedConnection(server(), id)
      const { status, headers, json: answer } = await visitor.again(id)
      assert.equal(status, 200)
      assert.deepEqual(answer, { carrier_id: id })
      assert.deepEqual(await storedConnection(server(), id), before, 'nothing changes before he is back')
      assert.equal((await returnFromSignIn(server(), approveSignIn(headers.location))).status, 200)
      const { row } = await storedConnection(server(), id)
      assert.deepEqual([row.state, row.connection_status, row.diagnosis], ['verified', 'approved', null])
      assert.equal((await server().request('POST', `${path}/${id}/lease`)).status, 200)
      const reader = await server().newKey({ scopes: ['read'] })
      assert.equal((await visitor.again(id, reader)).status, 403)
    })

    test('a carrier without a sign-in has none to begin', async () => {
      const body = { nickname: 'P', username: `u-${Date.now()}`, password: 'p' }
      const { json } = await server().request('POST', '/v1/connections/carriers/stamps_com', { body })
      const named = `/v1/connections/carriers/stamps_com/${json.carrier_id}/sign_in`
      const answer = await server().request('POST', named)
      assert.equal(answer.status, 400)
      assert.equal(answer.json.errors[0].error_code, 'carrier_not_supported')
      assert.equal((await server().request('POST', `${path}/${json.carrier_id}/sign_in`)).status, 404)
    })

    test('in the sandbox the page is ours, and nobody else is asked', async () => {
      const key = await server().newKey({ environment: 'sandbox' })
      const calls = ups.calls.length
      const { json, headers } = await requestConnect(server(), 'ups', { key })
      const page = String(headers.location)
      assert.ok(page.startsWith(`${PUBLIC_URL}/v1/sign_in/sandbox?`))
      const sent = await server().request('GET', page.slice(PUBLIC_URL.length), { key: '' })
      assert.equal(sent.status, 302)
      const back = String(sent.headers.location)
      assert.ok(back.startsWith(`${PUBLIC_URL}/v1/sign_in/return?`))
      assert.equal((await server().request('GET', back.slice(PUBLIC_URL.length), { key: '' })).status, 200)
      for (let round = 0; round < 3; round += 1) {
        const check = await server().request('POST', `${path}/${json.carrier_id}/verify`, { key })
        assert.equal(check.json.verification.outcome, 'verified')
      }
      assert.equal(ups.calls.length, calls)
      const elsewhere = '/v1/sign_in/sandbox?state=x&redirect_uri=https://evil.example'
      assert.equal((await server().request('GET', elsewhere, { key: '' })).status, 400)
      const aside = page
        .slice(PUBLIC_URL.length)
        .replace(/redirect_uri=[^&]+/, 'redirect_uri=https://evil.example')
      const { headers: still } = await server().request('GET', aside, { key: '' })
      assert.ok(String(still.location).startsWith(`${PUBLIC_URL}/v1/sign_in/return?`))
    })
  },
  { env: signInEnv },
)

onEveryDatabase('without a sign-in', (server) => {
  test('UPS connects as ever: no page, approved, and none to begin', async () => {
    const { json, headers } = await requestConnect(server(), 'ups')
    assert.equal(headers.location, undefined)
    const { row } = await storedConnection(server(), json.carrier_id)
    assert.equal(row.connection_status, 'approved')
    assert.equal((await server().request('POST', `${path}/${json.carrier_id}/sign_in`)).status, 400)
  })
})
