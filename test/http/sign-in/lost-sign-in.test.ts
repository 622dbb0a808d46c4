import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { refreshSignIn } from '../../../src/connections/sign-in/refresh-token.ts'
import { operator } from '../../../src/tenants/operator.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { returnFromSignIn, approveSignIn, merchantOf, type Merchant } from '../../support/sign-in/merchant.ts'
import { openSimulatedUps, signInEnv, type SimulatedUps } from '../../support/sign-in/simulated-ups.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'
import { auditTrail } from '../../support/audit/audit-events.ts'

const path = '/v1/connections/carriers/ups'

onEveryDatabase(
  'a sign-in that an update loses',
  (server) => {
    let ups: SimulatedUps
    let visitor: Merchant
    before(() => {
      ups = openSimulatedUps(server())
      visitor = merchantOf(server())
    })
    const other = (id: string) => ({
      nickname: 'Other',
      account_number: `N${id.slice(-5)}`,
      account_postal_code: '78701',
      account_country_code: 'US',
    })
    const put = (id: string, query = '') =>
      server().request('PUT', `${path}/${id}${query}`, { body: other(id) })
    const rollback = (id: string, query = '') => server().request('POST', `${path}/${id}/rollback${query}`)
    const actions = async (id: string) => (await auditTrail(server(), id)).map(([action]) => action)

    test('verify=required refuses what only another sign-in could verify, and nothing is lost', async () => {
      const { id } = await visitor.signedIn()
      const before = await storedConnection(server(), id)
      const refused = await put(id, '?verify=required')
      assert.equal(refused.status, 502)
      assert.equal(refused.json.errors[0].error_code, 'verification_failure')
      assert.deepEqual(await storedConnection(server(), id), before)
      const { json } = await put(id, '?verify=only')
      assert.equal(json.verification.outcome, 'unasked')
      assert.match(json.verification.diagnosis, /sign in for this one/)
      await put(id)
      assert.equal((await put(id, '?verify=required')).status, 502)
    })

    test('it says so, and where to send the merchant for another', async () => {
      const { id } = await visitor.signedIn()
      const { status, json, headers } = await put(id)
      assert.deepEqual([status, json], [200, { carrier_id: id }])
      assert.deepEqual(headers['hawser-notice'], ['sign_in_lost'])
      assert.equal(headers['cache-control'], 'private, no-store')
      const again = await put(id)
      assert.deepEqual([again.headers.location, again.headers['hawser-notice']], [undefined, undefined])
      assert.equal((await returnFromSignIn(server(), approveSignIn(headers.location))).status, 200)
      const { row, credentials } = await storedConnection(server(), id)
      assert.deepEqual([row.connection_status, row.account_number], ['approved', other(id).account_number])
      assert.equal(credentials.sign_in, ups.good)
    })

    test('a rollback brings it back with its account, asks in its name, and spends it once', async () => {
      const { id } = await visitor.signedIn()
      const before = await storedConnection(server(), id)
      await put(id)
      const refreshed = ups.count('/refresh')
      const { status, headers } = await rollback(id, '?verify=required')
      assert.deepEqual([status, headers['hawser-notice'], headers.location], [200, undefined, undefined])
      assert.equal(ups.count('/refresh'), refreshed + 1)
      const { row, credentials } = await storedConnection(server(), id)
      assert.deepEqual(
        [row.connection_status, row.state, row.account_number],
        ['approved', 'verified', before.row.account_number],
      )
      assert.deepEqual(credentials, { ...before.credentials, sign_in: ups.good })
      assert.deepEqual((await actions(id)).slice(-2), ['connection.updated', 'connection.rolled_back'])
      assert.equal((await server().request('POST', `${path}/${id}/lease`)).status, 200)
      const token = await server().request('POST', `${path}/${id}/lease?as=token`)
      assert.deepEqual([token.status, ups.count('/refresh')], [200, refreshed + 1])
      const { json } = await server().request('POST', `${path}/${id}/verify`)
      assert.equal(json.verification.outcome, 'verified')
      const lost = await rollback(id)
      assert.deepEqual([lost.status, lost.headers['hawser-notice']], [200, ['sign_in_lost']])
      assert.ok(lost.headers.location)
      assert.equal((await rollback(id, '?verify=required')).status, 200)
      assert.equal((await rollback(id, '?verify=required')).status, 502)
    })

    test('what the carrier gives in its place is kept before it is asked, whatever it then says', async () => {
      const { id } = await visitor.signedIn()
      await put(id)
      const before = await storedConnection(server(), id)
      ups.instead = (call) => ({
        status: call.url.endsWith('/refresh') ? 200 : 503,
        headers: {},
        body: '{"access_token":"a","refresh_token":"in-its-place","expires_in":"9"}',
      })
      assert.equal((await rollback(id, '?verify=required')).status, 502)
      ups.instead = undefined
      assert.deepEqual(await storedConnection(server(), id), before)
      ups.good = 'in-its-place'
      const asked = await Promise.all([1, 2, 3, 4].map(() => rollback(id, '?verify=only')))
      assert.deepEqual(
        asked.map(({ json }) => json.verification.outcome),
        Array(4).fill('verified'),
      )
      assert.equal((await rollback(id, '?verify=required')).status, 200)
      assert.equal((await storedConnection(server(), id)).credentials.sign_in, ups.good)
    })

    test('a refresh that is under way while it is lost leaves what came in its place for the rollback', async () => {
      const { id } = await visitor.signedIn()
      const actor = { ...operator('system'), tenantId: server().tenantId }
      ups.instead = async () => {
        ups.instead = undefined
        await put(id)
        ups.good = 'came-late'
        return {
          status: 200,
          headers: {},
          body: '{"access_token":"a","refresh_token":"came-late","expires_in":"9"}',
        }
      }
      const refreshed = await refreshSignIn(server().ctx, actor, id)
      assert.ok('answer' in refreshed)
      assert.equal((await rollback(id, '?verify=required')).status, 200)
      assert.equal((await storedConnection(server(), id)).credentials.sign_in, ups.good)
    })

    test('one that the carrier does not take any more is refused, and the connection goes on waiting', async () => {
      const { id } = await visitor.signedIn()
      await put(id)
      const before = await storedConnection(server(), id)
      ups.good = 'revoked at UPS'
      assert.equal((await rollback(id)).status, 400)
      assert.deepEqual(await storedConnection(server(), id), before)
    })
  },
  { env: signInEnv },
)
