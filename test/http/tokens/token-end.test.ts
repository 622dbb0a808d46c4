import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { checkClaimed } from '../../../src/connections/verification/check-connection.ts'
import { claimToken, endClaim } from '../../../src/connections/tokens/token-lock.ts'
import { EVERY_PERMISSION, type Actor } from '../../../src/context.ts'
import type { VerificationResult } from '../../../src/connections/carrier/verification-result.ts'
import { Secret } from '../../../src/secret.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'
import { newGate, leaseToken, mintTokens, DHL_PATH, tokenRow } from '../../support/tokens/token-carrier.ts'
import { DAY, newClock, SECOND } from '../../support/clock.ts'
import { connect } from '../../support/connections/connect.ts'
import { dhlBody } from '../../support/tokens/dhl-body.ts'

const clock = newClock()

onEveryDatabase(
  'custody of access tokens',
  (server) => {
    const actor = (): Actor => ({
      ...{ tenantId: server().tenantId, environment: 'production', name: 'system' },
      ...{ scopes: EVERY_PERMISSION, requestId: undefined, ip: undefined },
    })

    test('an update, a rollback and a disconnect end the token with the credentials', async () => {
      const carrier = mintTokens(server())
      const id = await connect(server(), 'dhl_ecommerce')
      assert.equal((await leaseToken(server(), id)).json.access_token.token, carrier.token(1))
      // Credentials that the carrier does not answer about are stored without a token, and the old token is gone too.
      carrier.isDown = true
      const put = await server().request('PUT', `${DHL_PATH}/${id}`, { body: dhlBody() })
      assert.equal(put.status, 200)
      const gone = await tokenRow(server(), id)
      assert.deepEqual([gone?.sealed, gone?.expires_at, gone?.credentials_version], [null, null, 2])
      carrier.isDown = false
      const updated = (await leaseToken(server(), id)).json
      assert.equal(updated.credentials_version, 2)
      assert.equal(updated.access_token.token, carrier.token(3))
      assert.equal((await server().request('POST', `${DHL_PATH}/${id}/rollback`)).status, 200)
      const back = (await leaseToken(server(), id)).json
      assert.equal(back.credentials_version, 3)
      assert.equal(back.access_token.token, carrier.token(4))
      assert.equal(carrier.asked[3], carrier.asked[0])
      assert.equal((await server().request('DELETE', `/v1/carriers/${id}`)).status, 204)
      assert.equal(await tokenRow(server(), id), undefined)
      assert.equal((await leaseToken(server(), id)).status, 404)
    })

    test('an update that is refused leaves the token as it is', async () => {
      const carrier = mintTokens(server())
      const id = await connect(server(), 'dhl_ecommerce')
      const before = await tokenRow(server(), id)
      carrier.refused.add('wrong')
      const { status } = await server().request('PUT', `${DHL_PATH}/${id}`, {
        body: dhlBody({ api_secret: 'wrong' }),
      })
      assert.equal(status, 400)
      assert.deepEqual(await tokenRow(server(), id), before)
    })

    test('a token that was being minted from credentials which are replaced meanwhile is neither kept nor handed out', async () => {
      const carrier = mintTokens(server())
      const id = await connect(server(), 'dhl_ecommerce')
      clock.forward(DAY)
      const { until, open } = newGate()
      carrier.until = until
      const reader = leaseToken(server(), id)
      while (carrier.asked.length < 2) await pause(5)
      carrier.until = Promise.resolve()
      const put = await server().request('PUT', `${DHL_PATH}/${id}`, { body: dhlBody() })
      assert.equal(put.status, 200)
      open()
      const { json } = await reader
      assert.equal(json.credentials_version, 2)
      assert.equal(json.access_token.token, carrier.token(3))
      assert.equal((await leaseToken(server(), id)).json.access_token.token, carrier.token(3))
      assert.equal((await tokenRow(server(), id))?.credentials_version, 2)
    })

    test('a refusal of credentials that are replaced meanwhile concerns nobody', async () => {
      const carrier = mintTokens(server())
      const id = await connect(server(), 'dhl_ecommerce')
      clock.forward(DAY)
      const { until, open } = newGate()
      carrier.until = until
      carrier.refused.add(carrier.asked[0] ?? '')
      const reader = leaseToken(server(), id)
      while (carrier.asked.length < 2) await pause(5)
      carrier.until = Promise.resolve()
      await server().request('PUT', `${DHL_PATH}/${id}`, { body: dhlBody() })
      open()
      assert.equal((await reader).json.access_token.token, carrier.token(3))
      assert.equal((await storedConnection(server(), id)).row.state, 'verified')
    })

    test('a claim is one holder’s until it ends; whose fence is stale writes nothing any more', async () => {
      const carrier = mintTokens(server())
      const { ctx, tenantId } = server()
      const id = await connect(server(), 'dhl_ecommerce')
      const { row } = await storedConnection(server(), id)
      clock.forward(DAY)
      const first = await claimToken(ctx, actor(), row)
      assert.ok(first !== undefined)
      assert.equal(await claimToken(ctx, actor(), row), undefined, 'another has the claim')
      clock.forward(31 * SECOND)
      const second = await claimToken(ctx, actor(), row)
      assert.ok(second !== undefined && second > first)
      await checkClaimed(ctx, actor(), row, { fence: second })
      const kept = await tokenRow(server(), id)
      const verified = (token: string): VerificationResult => ({
        ...{ asked: true, at: clock.now(), outcome: 'verified', because: 'Yes.' },
        minted: { token: new Secret(token), seconds: 3_600 },
      })
      const settle = (fence: number, token: string) =>
        ctx.store.transaction(tenantId, (tx) =>
          endClaim(ctx, tx, actor(), { asked: row, fence, verification: verified(token) }),
        )
      for (const stale of [first, second, 0, kept?.fence === undefined ? 99 : kept.fence + 1])
        await settle(stale, 'stale')
      assert.deepEqual(await tokenRow(server(), id), kept)
      assert.equal((await leaseToken(server(), id)).json.access_token.token, carrier.token(2))
      await settle(kept?.fence ?? 0, 'fresh')
      assert.equal(
        (await leaseToken(server(), id)).json.access_token.token,
        'fresh',
        'the control: its fence holds',
      )
    })

    test('the simulated carriers of the sandbox mint them on the same path, and nobody else is asked', async () => {
      const carrier = mintTokens(server())
      const key = await server().newKey({ environment: 'sandbox' })
      const path = '/v-beta/ltl/connections/ODFL'
      const credentials = { username: 'u', password: 'p', account_number: unique() }
      const { json } = await server().request('POST', path, { key, body: { credentials } })
      const ask = () => server().request('POST', `${path}/${json.carrier_id}/lease?as=token`, { key })
      const first = await ask()
      assert.equal(first.status, 200, first.text)
      assert.equal(first.json.carrier, 'ODFL')
      assert.match(first.json.access_token.token, /^[\w-]{43}$/)
      clock.forward(DAY)
      assert.ok((await ask()).json.access_token.expires_at > first.json.access_token.expires_at)
      assert.deepEqual(carrier.asked, [])
    })
  },
  { clock: clock.now },
)
