import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { refreshSignIn } from '../../src/connections/refresh-sign-in.ts'
import { operator } from '../../src/tenants/operator.ts'
import { createWebhook, newClock, outbox, MINUTE, SECOND } from '../support/webhooks.ts'
import { onEveryDatabase } from '../support/harness.ts'
import {
  CLIENT,
  comeBack,
  connectUps,
  letIn,
  openUps,
  PUBLIC,
  signInEnv,
  type Ups,
} from '../support/sign-in.ts'
import { stored, trail } from '../support/stored.ts'
import { storedText } from '../support/stored-bytes.ts'

const clock = newClock()
const path = '/v1/connections/carriers/ups'

onEveryDatabase(
  'sign-in',
  (house) => {
    let ups: Ups
    before(async () => {
      ups = openUps(house())
      await createWebhook(house(), { event: 'connection.updated', url: 'https://hooks.example/' })
    })

    const rowsOf = (id: string) =>
      house().ctx.store.read(house().tenantId, (db) =>
        db.selectFrom('sign_in').selectAll().where('carrier_id', '=', id).execute(),
      )
    const snapshot = async (id: string) => ({
      ...(await stored(house(), id)),
      trail: await trail(house(), id),
      rows: await rowsOf(id),
      messages: (await outbox(house())).length,
    })
    const begun = async () => {
      const { headers, json } = await connectUps(house())
      return { id: json.carrier_id as string, location: String(headers.location), ...letIn(headers.location) }
    }
    const signedIn = async () => {
      const one = await begun()
      assert.equal((await comeBack(house(), { state: one.state, code: one.code })).status, 200)
      return one
    }
    const again = (id: string, key = house().key) => house().request('POST', `${path}/${id}/sign_in`, { key })

    test('connect sends the merchant to UPS, and nobody can use the connection until he is back', async () => {
      const { status, json, headers, text } = await connectUps(house())
      assert.equal(status, 200)
      assert.deepEqual(Object.keys(json), ['carrier_id'])
      assert.equal(headers['cache-control'], 'no-store')
      const page = new URL(String(headers.location))
      assert.equal(page.origin + page.pathname, 'https://onlinetools.ups.com/security/v1/oauth/authorize')
      const { state, code_challenge, ...asked } = Object.fromEntries(page.searchParams)
      assert.deepEqual(asked, {
        client_id: CLIENT.ups_client_id,
        redirect_uri: `${PUBLIC}/v1/sign_in/return`,
        response_type: 'code',
        code_challenge_method: 'S256',
      })
      assert.match(`${state} ${code_challenge}`, /^[\w-]{43} [\w-]{43}$/)
      assert.ok(!text.includes(state ?? '-'))
      const id = json.carrier_id as string
      const [row] = await rowsOf(id)
      assert.ok(row && !JSON.stringify(row).includes(state ?? '-'))
      assert.equal((await house().request('POST', `${path}/${id}/lease`)).status, 409)
      const listed = (await house().request('GET', `/v1/carriers/${id}`)).json
      assert.equal(listed.connection_status, 'pending_approval')
      const before = ups.calls.length
      const { json: check } = await house().request('POST', `${path}/${id}/verify`)
      assert.equal(check.verification.outcome, 'unasked')
      assert.equal(ups.calls.length, before)
      const planned = await house().ctx.store.read(house().tenantId, (db) =>
        db.selectFrom('scheduled_check').selectAll().where('carrier_id', '=', id).execute(),
      )
      assert.deepEqual(planned, [])
    })

    test('coming back approves the connection: one exchange, one version, one event, one message', async () => {
      const { id, state, code } = await begun()
      const messages = (await outbox(house())).length
      const exchanges = ups.count('/token')
      const { status, json, headers } = await comeBack(house(), { state, code })
      assert.equal(status, 200)
      assert.deepEqual(json, { message: 'The sign-in has succeeded. This page can be closed.' })
      assert.equal(headers['cache-control'], 'no-store')
      assert.equal(headers['referrer-policy'], 'no-referrer')
      assert.match(String(headers['content-security-policy']), /default-src 'none'/)
      assert.equal(ups.count('/token'), exchanges + 1)
      const { row, credentials } = await stored(house(), id)
      assert.equal(credentials.sign_in, ups.good)
      assert.equal(row.connection_status, 'approved')
      assert.equal(row.state, 'verified')
      assert.deepEqual([row.version, row.credentials_version], [2, 2])
      assert.deepEqual(await rowsOf(id), [])
      const [connected, signed] = await trail(house(), id)
      assert.equal(connected?.[0], 'connection.connected')
      assert.deepEqual(signed, ['connection.signed_in', ['sign_in'], 2])
      assert.equal((await outbox(house())).length, messages + 1)
      const lease = await house().request('POST', `${path}/${id}/lease`)
      assert.equal(lease.status, 200)
      assert.ok(!lease.text.includes(ups.good) && !('sign_in' in lease.json.credentials))
      const shown = await house().request('GET', `${path}/${id}`)
      assert.ok(!shown.text.includes('sign_in') && !shown.text.includes(ups.good))
    })

    test('a state that is replayed, expired, replaced, tampered with or unknown, a missing code and an error change nothing, in one answer', async () => {
      const used = await signedIn()
      const old = await begun()
      clock.forward(10 * MINUTE + SECOND)
      const replaced = await begun()
      await again(replaced.id)
      const good = await begun()
      const flip = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1)
      const { state, code } = good
      const bad: Record<string, string> = {
        replayed: `state=${used.state}&code=${used.code}`,
        expired: `state=${old.state}&code=${old.code}`,
        replaced: `state=${replaced.state}&code=${replaced.code}`,
        tampered: `state=${flip(state)}&code=${code}`,
        short: `state=${state.slice(1)}&code=${code}`,
        twice: `state=${state}&state=${state}&code=${code}`,
        'no code': `state=${state}`,
        'an empty code': `state=${state}&code=`,
        'a long code': `state=${state}&code=${'x'.repeat(3_000)}`,
        'two codes': `state=${state}&code=${code}&code=${code}`,
        'an error': `state=${state}&error=access_denied`,
        'an error and a code': `state=${state}&code=${code}&error=access_denied`,
        nothing: '',
      }
      const ids = [used.id, old.id, replaced.id, good.id]
      const before = await Promise.all(ids.map(snapshot))
      const calls = ups.calls.length
      const answers = new Set<string>()
      for (const [what, query] of Object.entries(bad)) {
        const { status, json, text, headers } = await comeBack(house(), query)
        assert.equal(status, 400, what)
        answers.add(JSON.stringify(json.errors))
        assert.ok(!text.includes(state) && !text.includes(code), what)
        assert.equal(headers['cache-control'], 'no-store')
      }
      assert.equal(
        (await house().request('HEAD', `/v1/sign_in/return?state=${state}&code=${code}`, { key: '' })).status,
        405,
      )
      assert.equal(answers.size, 1)
      assert.equal(ups.calls.length, calls)
      assert.deepEqual(await Promise.all(ids.map(snapshot)), before)
      assert.equal((await comeBack(house(), { state, code })).status, 200, 'the control: the state was good')
    })

    test('of two that come back at once with one state, one gets in and one code is exchanged', async () => {
      for (let round = 0; round < 5; round += 1) {
        const { id, state, code } = await begun()
        const exchanges = ups.count('/token')
        const both = await Promise.all([
          comeBack(house(), { state, code }),
          comeBack(house(), { state, code }),
        ])
        assert.deepEqual(both.map(({ status }) => status).sort(), [200, 400])
        assert.equal(ups.count('/token'), exchanges + 1)
        assert.equal((await trail(house(), id)).length, 2)
      }
    })

    test('a code that UPS refuses, or cannot take at the moment, uses the state up and changes nothing else', async () => {
      const replies = {
        refused: () => ({ status: 400, headers: {}, body: '{"response":{"errors":[{"code":"10400"}]}}' }),
        page: () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }),
        'no refresh token': () => ({
          status: 200,
          headers: {},
          body: '{"access_token":"a","expires_in":"9"}',
        }),
        silence: () => Promise.reject(new Error('unreachable')),
      }
      for (const [what, instead] of Object.entries(replies)) {
        const { id, state, code } = await begun()
        const { rows, ...before } = await snapshot(id)
        ups.instead = instead
        assert.equal((await comeBack(house(), { state, code })).status, 400, what)
        ups.instead = undefined
        assert.equal(rows.length, 1)
        assert.deepEqual(await snapshot(id), { ...before, rows: [] }, what)
        assert.equal((await comeBack(house(), { state, code })).status, 400, `${what}, again`)
      }
      const { state } = await begun()
      assert.equal((await comeBack(house(), { state, code: 'another-code' })).status, 400)
    })

    test('a code of another sign-in does not fit: the verifier is another', async () => {
      const [mine, other] = [await begun(), await begun()]
      assert.equal((await comeBack(house(), { state: mine.state, code: other.code })).status, 400)
      assert.equal((await stored(house(), mine.id)).row.connection_status, 'pending_approval')
    })

    test('a sign-in is of the tenant who began it, and of no disabled one', async () => {
      const tenantId = await house().newTenant()
      const key = await house().newKey({ tenantId })
      const { json, headers } = await connectUps(house(), key)
      const mine = await begun()
      assert.equal((await again(json.carrier_id)).status, 404)
      assert.equal((await again(mine.id, key)).status, 404)
      const setActive = (active: 0 | 1) =>
        house().ctx.store.transaction(tenantId, (tx) =>
          tx.updateTable('tenant').set({ active }).where('tenant_id', '=', tenantId).execute(),
        )
      await setActive(0)
      assert.equal((await comeBack(house(), letIn(headers.location))).status, 400)
      await setActive(1)
      assert.equal((await comeBack(house(), letIn(headers.location))).status, 200)
      assert.equal((await stored(house(), mine.id)).row.connection_status, 'pending_approval')
      const { json: other } = await house().request('GET', `/v1/carriers/${json.carrier_id}`, { key })
      assert.equal(other.connection_status, 'approved')
    })

    test('signing in again repairs a connection under its id', async () => {
      const { id } = await signedIn()
      ups.good = 'revoked at UPS'
      const { json } = await house().request('POST', `${path}/${id}/verify`)
      assert.equal(json.state, 'needs_reauth')
      assert.equal((await house().request('POST', `${path}/${id}/lease`)).status, 409)
      const before = await stored(house(), id)
      const { status, headers, json: answer } = await again(id)
      assert.equal(status, 200)
      assert.deepEqual(answer, { carrier_id: id })
      assert.deepEqual(await stored(house(), id), before, 'nothing changes before he is back')
      assert.equal((await comeBack(house(), letIn(headers.location))).status, 200)
      const { row } = await stored(house(), id)
      assert.deepEqual([row.state, row.connection_status, row.diagnosis], ['verified', 'approved', null])
      assert.equal((await house().request('POST', `${path}/${id}/lease`)).status, 200)
      const reader = await house().newKey({ scopes: ['read'] })
      assert.equal((await again(id, reader)).status, 403)
    })

    test('a check asks in the merchant’s own name, and keeps the next refresh token before it does', async () => {
      const { id } = await signedIn()
      const spent = ups.good
      const { json } = await house().request('POST', `${path}/${id}/verify`)
      assert.equal(json.verification.outcome, 'verified')
      const { row, credentials } = await stored(house(), id)
      assert.notEqual(ups.good, spent)
      assert.equal(credentials.sign_in, ups.good)
      assert.deepEqual([row.version, row.credentials_version, row.state], [2, 3, 'verified'])
      const seen: unknown[] = []
      ups.instead = async (call) => {
        if (call.url.includes('/rating/')) seen.push((await stored(house(), id)).credentials.sign_in)
        const isRefresh = call.url.endsWith('/refresh')
        return {
          status: isRefresh ? 200 : 503,
          headers: {},
          body: '{"access_token":"a","refresh_token":"next-one","expires_in":"9"}',
        }
      }
      await house().request('POST', `${path}/${id}/verify`)
      ups.instead = undefined
      assert.deepEqual(seen, ['next-one'])
    })

    test('refreshes at once share one, and one that comes too late is thrown away', async () => {
      const { id } = await signedIn()
      const actor = { ...operator('system'), tenantId: house().tenantId }
      const count = ups.count('/refresh')
      const all = await Promise.all(Array.from({ length: 8 }, () => refreshSignIn(house().ctx, actor, id)))
      assert.equal(ups.count('/refresh'), count + 1)
      assert.ok(all.every((one) => 'minted' in one))
      const answer = '{"access_token":"late","refresh_token":"late-token","expires_in":"9"}'
      ups.instead = async () => {
        ups.instead = undefined
        const { headers } = await again(id)
        await comeBack(house(), letIn(headers.location))
        return { status: 200, headers: {}, body: answer }
      }
      const late = await refreshSignIn(house().ctx, actor, id)
      assert.ok('finding' in late && late.finding.outcome === 'inconclusive')
      assert.equal((await stored(house(), id)).credentials.sign_in, ups.good)
    })

    test('an update keeps the sign-in, another account loses it, and a rollback brings no spent token back', async () => {
      const { id } = await signedIn()
      const required = { nickname: 'Other', account_postal_code: '78702', account_country_code: 'US' }
      const body = { ...required, mail_innovations_customer_guid: 'a-rate-key' }
      const put = await house().request('PUT', `${path}/${id}`, { body, headers: { 'If-Match': '"v2"' } })
      assert.equal(put.status, 200)
      assert.equal((await stored(house(), id)).credentials.sign_in, ups.good)
      const back = await house().request('POST', `${path}/${id}/rollback`)
      assert.equal(back.status, 200)
      const { credentials, row } = await stored(house(), id)
      assert.deepEqual(
        [credentials.sign_in, credentials.mail_innovations_customer_guid],
        [ups.good, undefined],
      )
      assert.equal(row.state, 'verified')
      const calls = ups.calls.length
      await house().request('PUT', `${path}/${id}`, { body: { ...body, account_number: `N${id.slice(-5)}` } })
      const moved = await stored(house(), id)
      assert.equal(moved.credentials.sign_in, undefined)
      assert.deepEqual([moved.row.connection_status, moved.row.state], ['pending_approval', 'unverified'])
      assert.equal(ups.calls.length, calls)
    })

    test('a carrier without a sign-in has none to begin', async () => {
      const body = { nickname: 'P', username: `u-${Date.now()}`, password: 'p' }
      const { json } = await house().request('POST', '/v1/connections/carriers/stamps_com', { body })
      const named = `/v1/connections/carriers/stamps_com/${json.carrier_id}/sign_in`
      const answer = await house().request('POST', named)
      assert.equal(answer.status, 400)
      assert.equal(answer.json.errors[0].error_code, 'carrier_not_supported')
      assert.equal((await house().request('POST', `${path}/${json.carrier_id}/sign_in`)).status, 404)
    })

    test('in the sandbox the page is ours, and nobody else is asked', async () => {
      const key = await house().newKey({ environment: 'sandbox' })
      const calls = ups.calls.length
      const { json, headers } = await connectUps(house(), key)
      const page = String(headers.location)
      assert.ok(page.startsWith(`${PUBLIC}/v1/sign_in/sandbox?`))
      const sent = await house().request('GET', page.slice(PUBLIC.length), { key: '' })
      assert.equal(sent.status, 302)
      const back = String(sent.headers.location)
      assert.ok(back.startsWith(`${PUBLIC}/v1/sign_in/return?`))
      assert.equal((await house().request('GET', back.slice(PUBLIC.length), { key: '' })).status, 200)
      for (let round = 0; round < 3; round += 1) {
        const check = await house().request('POST', `${path}/${json.carrier_id}/verify`, { key })
        assert.equal(check.json.verification.outcome, 'verified')
      }
      assert.equal(ups.calls.length, calls)
      const elsewhere = '/v1/sign_in/sandbox?state=x&redirect_uri=https://evil.example'
      assert.equal((await house().request('GET', elsewhere, { key: '' })).status, 400)
      const aside = page
        .slice(PUBLIC.length)
        .replace(/redirect_uri=[^&]+/, 'redirect_uri=https://evil.example')
      const { headers: still } = await house().request('GET', aside, { key: '' })
      assert.ok(String(still.location).startsWith(`${PUBLIC}/v1/sign_in/return?`))
    })

    test('no code, state, verifier, token or client secret is logged or stored in clear', async () => {
      const { state, code } = await signedIn()
      await begun()
      const verifiers = ups.calls.flatMap(({ body }) => new URLSearchParams(body).get('code_verifier') ?? [])
      const secrets = [state, code, CLIENT.ups_client_secret, ...verifiers, ...ups.secrets]
      assert.ok(verifiers.length > 5 && ups.secrets.length > 5)
      const bytes = await storedText(house())
      const told = house().logs.join('')
      for (const secret of secrets) {
        assert.ok(!bytes.includes(secret), 'stored')
        assert.ok(!told.includes(secret), 'logged')
      }
      assert.ok(
        bytes.includes(CLIENT.ups_client_id) === false && bytes.includes('pending_approval'),
        'the control',
      )
    })
  },
  { env: signInEnv, clock: clock.now },
)

onEveryDatabase('without a sign-in', (house) => {
  test('UPS connects as ever: no page, approved, and none to begin', async () => {
    const { json, headers } = await connectUps(house())
    assert.equal(headers.location, undefined)
    const { row } = await stored(house(), json.carrier_id)
    assert.equal(row.connection_status, 'approved')
    assert.equal((await house().request('POST', `${path}/${json.carrier_id}/sign_in`)).status, 400)
  })
})
