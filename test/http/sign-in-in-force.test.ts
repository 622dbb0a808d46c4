import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { refreshSignIn } from '../../src/connections/refresh-sign-in.ts'
import { operator } from '../../src/tenants/operator.ts'
import { onEveryDatabase } from '../support/harness.ts'
import {
  CLIENT,
  comeBack,
  letIn,
  openUps,
  signInEnv,
  visitorOf,
  type Ups,
  type Visitor,
} from '../support/sign-in.ts'
import { stored } from '../support/stored.ts'
import { storedText } from '../support/stored-bytes.ts'
import { createWebhook } from '../support/webhooks.ts'

const path = '/v1/connections/carriers/ups'

onEveryDatabase(
  'a sign-in in force',
  (house) => {
    let ups: Ups
    let visitor: Visitor
    before(async () => {
      ups = openUps(house())
      visitor = visitorOf(house())
      await createWebhook(house(), { event: 'connection.updated', url: 'https://hooks.example/' })
    })

    test('a check asks in the merchant’s own name, and keeps the next refresh token before it does', async () => {
      const { id } = await visitor.signedIn()
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
      const { id } = await visitor.signedIn()
      const actor = { ...operator('system'), tenantId: house().tenantId }
      const count = ups.count('/refresh')
      const all = await Promise.all(Array.from({ length: 8 }, () => refreshSignIn(house().ctx, actor, id)))
      assert.equal(ups.count('/refresh'), count + 1)
      assert.ok(all.every((one) => 'minted' in one))
      const answer = '{"access_token":"late","refresh_token":"late-token","expires_in":"9"}'
      ups.instead = async () => {
        ups.instead = undefined
        const { headers } = await visitor.again(id)
        await comeBack(house(), letIn(headers.location))
        return { status: 200, headers: {}, body: answer }
      }
      const late = await refreshSignIn(house().ctx, actor, id)
      assert.ok('finding' in late && late.finding.outcome === 'inconclusive')
      assert.equal((await stored(house(), id)).credentials.sign_in, ups.good)
    })

    test('an update keeps the sign-in, another account loses it, and a rollback brings no spent token back', async () => {
      const { id } = await visitor.signedIn()
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

    test('no code, state, verifier, token or client secret is logged or stored in clear', async () => {
      const { state, code } = await visitor.signedIn()
      await visitor.begun()
      const verifiers = ups.calls.flatMap(({ body }) => new URLSearchParams(body).get('code_verifier') ?? [])
      const secrets = [state, code, CLIENT.ups_client_secret, ...verifiers, ...ups.secrets]
      assert.ok(verifiers.length > 3 && ups.secrets.length > 3)
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
  { env: signInEnv },
)
