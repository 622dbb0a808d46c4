import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { returnFromSignIn, approveSignIn, merchantOf, type Merchant } from '../../support/sign-in/merchant.ts'
import { openSimulatedUps, signInEnv, type SimulatedUps } from '../../support/sign-in/simulated-ups.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'
import { auditTrail } from '../../support/audit/audit-events.ts'
import { createWebhook } from '../../support/webhooks/create-webhook.ts'
import { newClock, MINUTE, SECOND } from '../../support/clock.ts'
import { requestConnect } from '../../support/connections/connect.ts'

const clock = newClock()

onEveryDatabase(
  'refused sign-ins',
  (server) => {
    let ups: SimulatedUps
    let visitor: Merchant
    before(async () => {
      ups = openSimulatedUps(server())
      visitor = merchantOf(server())
      await createWebhook(server(), { event: 'connection.updated', url: 'https://hooks.example/' })
    })

    test('a state that is replayed, expired, replaced, tampered with or unknown, a missing code and an error change nothing, in one answer', async () => {
      const used = await visitor.signedIn()
      const old = await visitor.begun()
      clock.forward(10 * MINUTE + SECOND)
      const replaced = await visitor.begun()
      await visitor.again(replaced.id)
      const good = await visitor.begun()
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
      const before = await Promise.all(ids.map(visitor.snapshot))
      const calls = ups.calls.length
      const answers = new Set<string>()
      for (const [what, query] of Object.entries(bad)) {
        const { status, json, text, headers } = await returnFromSignIn(server(), query)
        assert.equal(status, 400, what)
        answers.add(JSON.stringify(json.errors))
        assert.ok(!text.includes(state) && !text.includes(code), what)
        assert.equal(headers['cache-control'], 'private, no-store')
      }
      assert.equal(
        (await server().request('HEAD', `/v1/sign_in/return?state=${state}&code=${code}`, { key: '' }))
          .status,
        200,
        'whoever looks a link over does not use it up',
      )
      assert.equal(answers.size, 1)
      assert.equal(ups.calls.length, calls)
      assert.deepEqual(await Promise.all(ids.map(visitor.snapshot)), before)
      assert.equal(
        (await returnFromSignIn(server(), { state, code })).status,
        200,
        'the control: the state was good',
      )
    })

    test('of two that come back at once with one state, one gets in and one code is exchanged', async () => {
      for (let round = 0; round < 5; round += 1) {
        const { id, state, code } = await visitor.begun()
        const exchanges = ups.count('/token')
        const both = await Promise.all([
          returnFromSignIn(server(), { state, code }),
          returnFromSignIn(server(), { state, code }),
        ])
        assert.deepEqual(both.map(({ status }) => status).sort(), [200, 400])
        assert.equal(ups.count('/token'), exchanges + 1)
        const actions = (await auditTrail(server(), id)).map(([action]) => action)
        assert.deepEqual(actions, ['connection.connected', 'connection.signed_in', 'connection.checked'])
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
        const { id, state, code } = await visitor.begun()
        const { rows, ...before } = await visitor.snapshot(id)
        ups.instead = instead
        assert.equal((await returnFromSignIn(server(), { state, code })).status, 400, what)
        ups.instead = undefined
        assert.equal(rows.length, 1)
        assert.deepEqual(await visitor.snapshot(id), { ...before, rows: [] }, what)
        assert.equal((await returnFromSignIn(server(), { state, code })).status, 400, `${what}, again`)
      }
      const { state } = await visitor.begun()
      assert.equal((await returnFromSignIn(server(), { state, code: 'another-code' })).status, 400)
    })

    test('a code of another sign-in does not fit: the verifier is another', async () => {
      const [mine, other] = [await visitor.begun(), await visitor.begun()]
      assert.equal((await returnFromSignIn(server(), { state: mine.state, code: other.code })).status, 400)
      assert.equal((await storedConnection(server(), mine.id)).row.connection_status, 'pending_approval')
    })

    test('a sign-in is of the tenant who began it, and of no disabled one', async () => {
      const tenantId = await server().newTenant()
      const key = await server().newKey({ tenantId })
      const { json, headers } = await requestConnect(server(), 'ups', { key })
      const mine = await visitor.begun()
      assert.equal((await visitor.again(json.carrier_id)).status, 404)
      assert.equal((await visitor.again(mine.id, key)).status, 404)
      const setActive = (active: 0 | 1) =>
        server().ctx.store.transaction(tenantId, (tx) =>
          tx.updateTable('tenant').set({ active }).where('tenant_id', '=', tenantId).execute(),
        )
      await setActive(0)
      assert.equal((await returnFromSignIn(server(), approveSignIn(headers.location))).status, 400)
      await setActive(1)
      assert.equal((await returnFromSignIn(server(), approveSignIn(headers.location))).status, 200)
      assert.equal((await storedConnection(server(), mine.id)).row.connection_status, 'pending_approval')
      const { json: other } = await server().request('GET', `/v1/carriers/${json.carrier_id}`, { key })
      assert.equal(other.connection_status, 'approved')
    })
  },
  { env: signInEnv, clock: clock.now },
)
