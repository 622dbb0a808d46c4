import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Values } from '../../../src/catalog/forms/validate.ts'
import { replaceCredentials } from '../../../src/connections/change/replace-credentials.ts'
import { saveConnection } from '../../../src/connections/change/save-connection.ts'
import { refreshSignIn } from '../../../src/connections/sign-in/refresh-token.ts'
import { claimToken } from '../../../src/connections/tokens/token-lock.ts'
import { findToken } from '../../../src/store/tables/connections/carrier-tokens.ts'
import { operator } from '../../../src/tenants/operator.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import {
  UPS_CLIENT,
  openSimulatedUps,
  signInEnv,
  type SimulatedUps,
} from '../../support/sign-in/simulated-ups.ts'
import { returnFromSignIn, approveSignIn, merchantOf, type Merchant } from '../../support/sign-in/merchant.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'
import { auditTrail } from '../../support/audit/audit-events.ts'
import { storedText } from '../../support/database/stored-text.ts'
import { createWebhook } from '../../support/webhooks/create-webhook.ts'

const path = '/v1/connections/carriers/ups'

onEveryDatabase(
  'a sign-in in force',
  (server) => {
    let ups: SimulatedUps
    let visitor: Merchant
    before(async () => {
      ups = openSimulatedUps(server())
      visitor = merchantOf(server())
      await createWebhook(server(), { event: 'connection.updated', url: 'https://hooks.example/' })
    })

    test('a check asks in the merchant’s own name, and keeps the next refresh token before it does', async () => {
      const { id } = await visitor.signedIn()
      const spent = ups.good
      const { json } = await server().request('POST', `${path}/${id}/verify`)
      assert.equal(json.verification.outcome, 'verified')
      const { row, credentials } = await storedConnection(server(), id)
      assert.notEqual(ups.good, spent)
      assert.equal(credentials.sign_in, ups.good)
      assert.deepEqual([row.version, row.credentials_version, row.state], [2, 3, 'verified'])
      const seen: unknown[] = []
      ups.instead = async (call) => {
        if (call.url.includes('/rating/'))
          seen.push((await storedConnection(server(), id)).credentials.sign_in)
        const isRefresh = call.url.endsWith('/refresh')
        return {
          status: isRefresh ? 200 : 503,
          headers: {},
          body: '{"access_token":"a","refresh_token":"next-one","expires_in":"9"}',
        }
      }
      await server().request('POST', `${path}/${id}/verify`)
      ups.instead = undefined
      assert.deepEqual(seen, ['next-one'])
    })

    test('a lease hands out the merchant’s own access token as long as it is good, and never the refresh token', async () => {
      const { id } = await visitor.signedIn()
      const count = ups.count('/refresh')
      const lease = (query: string) => server().request('POST', `${path}/${id}/lease?${query}`)
      const first = await lease('as=token')
      assert.equal(first.status, 200)
      assert.equal(first.headers['cache-control'], 'private, no-store')
      assert.ok(!('credentials' in first.json) && !first.text.includes(ups.good))
      assert.equal(
        (await storedConnection(server(), id)).row.credentials_version,
        first.json.credentials_version,
      )
      const second = await lease('as=token')
      assert.equal(second.json.access_token.token, first.json.access_token.token)
      assert.equal(ups.count('/refresh'), count + 1)
      assert.ok(!(await lease('')).text.includes(first.json.access_token.token))
      const trailed = (await auditTrail(server(), id)).slice(-3)
      assert.deepEqual(
        trailed.map(([action, fields]) => [action, fields]),
        [
          ['connection.leased', ['access_token']],
          ['connection.leased', ['access_token']],
          ['connection.leased', []],
        ],
      )
      ups.good = 'revoked at UPS'
      await server().request('POST', `${path}/${id}/verify`)
      assert.equal((await lease('as=token')).status, 409)
    })

    test('an access token that UPS gives while it tells no prices is handed out all the same', async () => {
      const { id } = await visitor.signedIn()
      ups.instead = (call) => {
        const isRefresh = call.url.endsWith('/refresh')
        const body = '{"access_token":"usable","refresh_token":"following","expires_in":"3600"}'
        return { status: isRefresh ? 200 : 503, headers: {}, body }
      }
      const answer = await server().request('POST', `${path}/${id}/lease?as=token`)
      ups.instead = undefined
      assert.equal(answer.json.access_token.token, 'usable')
    })

    test('where nobody has signed in there is no access token to hand out', async () => {
      const { id } = await visitor.begun()
      assert.equal((await server().request('POST', `${path}/${id}/lease?as=token`)).status, 409)
      const any = await server().request('POST', `${path}/${id}/lease?as=token&state=any`)
      assert.equal(any.status, 400)
      assert.equal(any.json.errors[0].field_name, 'as')
      assert.match(any.json.errors[0].message, /needs the sign-in of the merchant/)
    })

    test('an update leaves alone who is spending the refresh token at the moment; signing in again does not', async () => {
      const { id } = await visitor.signedIn()
      const actor = { ...operator('system'), tenantId: server().tenantId }
      const claim = async () =>
        claimToken(server().ctx, actor, (await storedConnection(server(), id)).row, { anyway: true })
      assert.ok((await claim()) !== undefined)
      const isForgotten = await server().ctx.store.transaction(actor.tenantId, async (tx) => {
        const { row, credentials, settings } = await storedConnection(server(), id)
        const held = { credentials: credentials as Values, settings: settings as Values }
        const next = { ...held, settings: { ...held.settings, account_postal_code: '10001' } }
        await saveConnection(server().ctx, tx, actor, {
          before: row,
          after: { credentials: replaceCredentials(server().ctx, row, held, next) },
          event: { action: 'connection.updated' },
        })
        const key = { tenantId: actor.tenantId, environment: 'production', carrierId: id } as const
        const token = await findToken(tx, key)
        assert.equal(token?.credentials_version, row.credentials_version + 1)
        return token.claimed_until === null
      })
      assert.equal(isForgotten, false)
      const { headers } = await visitor.again(id)
      await returnFromSignIn(server(), approveSignIn(headers.location))
      assert.ok((await claim()) !== undefined)
    })

    test('a delete while the refresh token is being spent keeps what came in its place for a restore', async () => {
      const { id } = await visitor.signedIn()
      const actor = { ...operator('system'), tenantId: server().tenantId }
      ups.instead = async () => {
        ups.instead = undefined
        assert.equal((await server().request('DELETE', `${path}/${id}`)).status, 204)
        const body = '{"access_token":"a","refresh_token":"came-too-late-for-use","expires_in":"9"}'
        return { status: 200, headers: {}, body }
      }
      assert.ok('answer' in (await refreshSignIn(server().ctx, actor, id)))
      assert.equal((await server().request('POST', `${path}/${id}/restore`)).status, 200)
      assert.equal((await storedConnection(server(), id)).credentials.sign_in, 'came-too-late-for-use')
    })

    test('refreshes at once share one, and one that comes too late is thrown away', async () => {
      const { id } = await visitor.signedIn()
      const actor = { ...operator('system'), tenantId: server().tenantId }
      const count = ups.count('/refresh')
      const all = await Promise.all(Array.from({ length: 8 }, () => refreshSignIn(server().ctx, actor, id)))
      assert.equal(ups.count('/refresh'), count + 1)
      assert.ok(all.every((one) => 'minted' in one))
      const answer = '{"access_token":"late","refresh_token":"late-token","expires_in":"9"}'
      ups.instead = async () => {
        ups.instead = undefined
        const { headers } = await visitor.again(id)
        await returnFromSignIn(server(), approveSignIn(headers.location))
        return { status: 200, headers: {}, body: answer }
      }
      const late = await refreshSignIn(server().ctx, actor, id)
      assert.ok('answer' in late && late.answer.outcome === 'inconclusive')
      assert.equal((await storedConnection(server(), id)).credentials.sign_in, ups.good)
    })

    test('an update keeps the sign-in, another account loses it, and a rollback brings no spent token back', async () => {
      const { id } = await visitor.signedIn()
      const required = { nickname: 'Other', account_postal_code: '78702', account_country_code: 'US' }
      const body = { ...required, mail_innovations_customer_guid: 'a-rate-key' }
      const put = await server().request('PUT', `${path}/${id}`, { body, headers: { 'If-Match': '"v2"' } })
      assert.equal(put.status, 200)
      assert.equal((await storedConnection(server(), id)).credentials.sign_in, ups.good)
      const back = await server().request('POST', `${path}/${id}/rollback`)
      assert.equal(back.status, 200)
      const { credentials, row } = await storedConnection(server(), id)
      assert.deepEqual(
        [credentials.sign_in, credentials.mail_innovations_customer_guid],
        [ups.good, undefined],
      )
      assert.equal(row.state, 'verified')
      const calls = ups.calls.length
      await server().request('PUT', `${path}/${id}`, {
        body: { ...body, account_number: `N${id.slice(-5)}` },
      })
      const moved = await storedConnection(server(), id)
      assert.equal(moved.credentials.sign_in, undefined)
      assert.deepEqual([moved.row.connection_status, moved.row.state], ['pending_approval', 'unverified'])
      assert.equal(ups.calls.length, calls)
    })

    test('no code, state, verifier, token or client secret is logged or stored in clear', async () => {
      const { state, code } = await visitor.signedIn()
      await visitor.begun()
      const verifiers = ups.calls.flatMap(({ body }) => new URLSearchParams(body).get('code_verifier') ?? [])
      const secrets = [state, code, UPS_CLIENT.ups_client_secret, ...verifiers, ...ups.secrets]
      assert.ok(verifiers.length > 3 && ups.secrets.length > 3)
      const bytes = await storedText(server())
      const told = server().logs.join('')
      for (const secret of secrets) {
        assert.ok(!bytes.includes(secret), 'stored')
        assert.ok(!told.includes(secret), 'logged')
      }
      assert.ok(
        bytes.includes(UPS_CLIENT.ups_client_id) === false && bytes.includes('pending_approval'),
        'the control',
      )
    })
  },
  { env: signInEnv },
)
