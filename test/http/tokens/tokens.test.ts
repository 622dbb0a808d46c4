import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { auditTrail } from '../../support/audit/audit-events.ts'
import { newGate, leaseToken, mintTokens, DHL_PATH, tokenRow } from '../../support/tokens/token-carrier.ts'
import { DAY, newClock, SECOND } from '../../support/clock.ts'
import { connect } from '../../support/connections/connect.ts'

const clock = newClock()
const inSeconds = (seconds: number) => new Date(clock.now().getTime() + seconds * SECOND).toISOString()

onEveryDatabase(
  'access tokens',
  (server) => {
    test('are refused under "as" where the carrier mints none that could be kept, before anything is opened', async () => {
      mintTokens(server())
      const dpd = { nickname: 'D', account_number: unique(), username: 'u', password: 'p' }
      for (const [name, title, body] of [
        ['stamps_com', 'Stamps.com', { ...connectBodies.stamps_com, username: unique() }],
        ['ups', 'UPS', { ...connectBodies.ups, account_number: unique() }],
        ['dpd', 'DPD UK', dpd],
      ] as const) {
        const path = `/v1/connections/carriers/${name}`
        const { json } = await server().request('POST', path, { body })
        const answer = await server().request('POST', `${path}/${json.carrier_id}/lease?as=token`)
        assert.equal(answer.status, 400, name)
        assert.equal(answer.json.errors[0].field_name, 'as')
        assert.equal(answer.json.errors[0].error_code, 'invalid_field_value')
        assert.match(answer.json.errors[0].message, new RegExp(`${title} has no access tokens here`))
        const actions = (await auditTrail(server(), json.carrier_id)).map(([action]) => action)
        assert.deepEqual(actions, ['connection.connected'], name)
      }
      const id = await connect(server(), 'dhl_ecommerce')
      assert.equal((await leaseToken(server(), id, 'as=password')).json.errors[0].field_name, 'as')
    })

    test('are refused under "as" where the credentials lack what the carrier mints them from', async () => {
      const carrier = mintTokens(server())
      const id = await connect(server(), 'dhl_ecommerce', {
        body: { api_key: undefined, api_secret: undefined },
      })
      for (let turn = 0; turn < 2; turn += 1) {
        const { status, json } = await leaseToken(server(), id)
        assert.equal(status, 400)
        assert.equal(json.errors[0].field_name, 'as')
        assert.match(json.errors[0].message, /needs api_key, api_secret, which the connection lacks/)
      }
      assert.deepEqual(carrier.asked, [])
    })

    test('stand in a lease in place of the credentials, on record as such; the lease never outlives them', async () => {
      const carrier = mintTokens(server(), 600)
      const id = await connect(server(), 'dhl_ecommerce')
      const end = inSeconds(600)
      const { status, json, headers } = await leaseToken(server(), id)
      assert.equal(status, 200)
      assert.equal(headers['cache-control'], 'private, no-store')
      assert.deepEqual(json, {
        carrier_id: id,
        carrier: 'dhl_ecommerce',
        state: 'verified',
        credentials_version: 1,
        expires_at: inSeconds(300),
        access_token: { token: carrier.token(1), expires_at: end },
      })
      assert.equal((await leaseToken(server(), id, 'as=token&expires_in=3600')).json.expires_at, end)
      const usual = await leaseToken(server(), id, '')
      assert.equal('access_token' in usual.json, false)
      assert.equal(usual.json.credentials.username, 'u')
      assert.deepEqual(usual.json, (await leaseToken(server(), id, 'as=credentials')).json)
      assert.equal(carrier.asked.length, 1, 'the token is what proving the credentials minted')
      assert.deepEqual(await auditTrail(server(), id), [
        ['connection.connected', (await auditTrail(server(), id))[0]?.[1], 1],
        ['connection.leased', ['access_token'], 1],
        ['connection.leased', ['access_token'], 1],
        ['connection.leased', [], 1],
        ['connection.leased', [], 1],
      ])
    })

    test('are used until a tenth of their life is left, a minute at most, and then got once for all who wait', async () => {
      for (const [life, keptBack] of [
        [100, 10],
        [36_000, 60],
      ] as const) {
        const carrier = mintTokens(server(), life)
        const id = await connect(server(), 'dhl_ecommerce')
        carrier.isDown = true
        clock.forward((life - keptBack) * SECOND - 1)
        assert.equal((await leaseToken(server(), id)).json.access_token.token, carrier.token(1))
        while ((await tokenRow(server(), id))?.claimed_until) await pause(5)
        // The early refresh could not reach the carrier, so the server does not ask it again for a moment.
        carrier.isDown = false
        const asked = carrier.asked.length
        assert.ok(asked <= 2)
        clock.forward(16 * SECOND)
        const answers = await Promise.all(Array.from({ length: 20 }, () => leaseToken(server(), id)))
        for (const { json } of answers) assert.equal(json.access_token.token, carrier.token(asked + 1))
        assert.equal(carrier.asked.length, asked + 1)
      }
    })

    test('are got ahead of their end, while the last one is still handed out', async () => {
      const carrier = mintTokens(server())
      const id = await connect(server(), 'dhl_ecommerce')
      clock.forward(3_600 * 0.71 * SECOND)
      assert.equal((await leaseToken(server(), id)).json.access_token.token, carrier.token(1))
      assert.equal(carrier.asked.length, 1, 'too early')
      clock.forward(3_600 * 0.18 * SECOND)
      const { until, open } = newGate()
      carrier.until = until
      for (let turn = 0; turn < 10; turn += 1)
        assert.equal((await leaseToken(server(), id)).json.access_token.token, carrier.token(1))
      while (carrier.asked.length < 2) await pause(5)
      open()
      while ((await tokenRow(server(), id))?.claimed_until) await pause(5)
      assert.equal((await leaseToken(server(), id)).json.access_token.token, carrier.token(2))
      assert.equal(carrier.asked.length, 2)
    })

    test('of many connections are not got ahead all at the same time', async () => {
      mintTokens(server())
      const start = clock.now().getTime()
      const parts: number[] = []
      for (let count = 0; count < 40; count += 1) {
        const row = await tokenRow(server(), await connect(server(), 'dhl_ecommerce'))
        parts.push((Date.parse(row?.refresh_at ?? '') - start) / (3_600 * SECOND))
      }
      assert.ok(Math.min(...parts) >= 0.72 && Math.max(...parts) <= 0.88)
      assert.ok(Math.max(...parts) - Math.min(...parts) > 0.05)
    })

    test('that a check mints take the place of the last', async () => {
      const carrier = mintTokens(server())
      const id = await connect(server(), 'dhl_ecommerce')
      assert.equal(
        (await server().request('POST', `${DHL_PATH}/${id}/verify`)).json.verification.outcome,
        'verified',
      )
      assert.equal((await leaseToken(server(), id)).json.access_token.token, carrier.token(2))
      assert.equal(carrier.asked.length, 2)
    })

    test('whose life the carrier does not say are not kept', async () => {
      const carrier = mintTokens(server())
      carrier.life = undefined
      const id = await connect(server(), 'dhl_ecommerce')
      assert.equal(await tokenRow(server(), id), undefined)
      const { status, json } = await leaseToken(server(), id)
      assert.equal(status, 502)
      assert.match(json.errors[0].message, /how long/)
      assert.equal((await tokenRow(server(), id))?.sealed, null)
      assert.equal((await leaseToken(server(), id)).status, 502)
      assert.equal(carrier.asked.length, 2, 'the carrier is left alone for a minute')
    })

    test('that the carrier refuses mark the connection, as a check would, and are not asked for again', async () => {
      const carrier = mintTokens(server())
      const id = await connect(server(), 'dhl_ecommerce')
      clock.forward(DAY)
      carrier.refused.add(carrier.asked[0] ?? '')
      const { status, json } = await leaseToken(server(), id)
      assert.equal(status, 409)
      assert.match(json.errors[0].message, /does not accept the credentials/)
      const shown = await server().request('GET', `${DHL_PATH}/${id}`)
      assert.equal(shown.json.state, 'needs_reauth')
      assert.deepEqual((await auditTrail(server(), id)).slice(1), [
        ['connection.leased', ['access_token'], 1],
        ['connection.checked', ['state'], 1],
      ])
      for (const query of ['as=token', 'as=token&state=any'])
        assert.equal((await leaseToken(server(), id, query)).status, 409)
      assert.equal(carrier.asked.length, 2)
    })

    test('that an outage keeps away are asked for again after a moment; the state stays', async () => {
      const carrier = mintTokens(server())
      const id = await connect(server(), 'dhl_ecommerce')
      clock.forward(DAY)
      carrier.isDown = true
      for (let turn = 0; turn < 5; turn += 1) {
        const { status, json, headers } = await leaseToken(server(), id)
        assert.equal(status, 502)
        assert.equal(json.errors[0].error_source, 'carrier')
        if (turn > 0) assert.equal(headers['retry-after'], '15')
      }
      assert.equal(carrier.asked.length, 2)
      assert.equal((await server().request('GET', `${DHL_PATH}/${id}`)).json.state, 'verified')
      carrier.isDown = false
      clock.forward(16 * SECOND)
      assert.equal((await leaseToken(server(), id)).json.access_token.token, carrier.token(3))
    })
  },
  { clock: clock.now },
)
