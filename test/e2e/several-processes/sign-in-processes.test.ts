import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { databases, type DatabaseName } from '../../support/database/databases.ts'
import { openTestServer } from '../../support/server/test-server.ts'
import { openSimulatedUps, signInEnv } from '../../support/sign-in/simulated-ups.ts'
import { merchantOf } from '../../support/sign-in/merchant.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'
import { openTokenReaders } from '../../support/tokens/token-readers.ts'

const PROCESSES = 3
const READERS = 200
const ROUNDS = 10
const LIFE_MS = 3_600_000

/** Opens UPS on loopback; it takes each refresh token once, and a token that comes again ends the whole sign-in. */
async function openCarrier(t: TestContext, good: string) {
  const carrier = { good, refreshes: 0, quotes: 0, reused: 0, url: '', isSpoiled: false, replyMs: 20 }
  const granted = () => ({
    access_token: `access-${carrier.refreshes}`,
    refresh_token: carrier.good,
    expires_in: String(LIFE_MS / 1_000),
  })
  const quoted = { RateResponse: { Response: { ResponseStatus: { Code: '1' } } } }
  const invalid = { response: { errors: [{ code: '10400', message: 'Invalid Refresh Token' }] } }
  const listener = createServer((request, response) => {
    let body = ''
    request.on('data', (bytes) => (body += String(bytes)))
    request.on('end', () => {
      const reply = (status: number, answer: object) =>
        setTimeout(() => response.writeHead(status).end(JSON.stringify(answer)), carrier.replyMs)
      if (!request.url?.endsWith('/refresh')) {
        carrier.quotes += 1
        const isCurrent = request.headers.authorization === `Bearer access-${carrier.refreshes}`
        return reply(isCurrent ? 200 : 401, isCurrent ? quoted : invalid)
      }
      if (new URLSearchParams(body).get('refresh_token') !== carrier.good || carrier.isSpoiled) {
        carrier.reused += 1
        carrier.isSpoiled = true
        return reply(400, invalid)
      }
      carrier.refreshes += 1
      carrier.good = `refresh-${carrier.refreshes}`
      return reply(200, granted())
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    listener.closeAllConnections()
    listener.close()
  })
  carrier.url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`
  return carrier
}

/** Signs a merchant in, and starts three processes that use this sign-in. */
async function openScene(t: TestContext, database: DatabaseName, settings: Record<string, string> = {}) {
  const time = { now: Date.now() }
  const server = await openTestServer(database, {
    clock: () => new Date(time.now),
    repeatTransactions: false,
    env: signInEnv,
  })
  t.after(server.close)
  const ups = openSimulatedUps(server)
  const { id } = await merchantOf(server).signedIn()
  const carrier = await openCarrier(t, ups.good)
  const env = { ...signInEnv, CARRIER: carrier.url, CARRIER_NAME: 'ups', CARRIER_ID: id, ...settings }
  const { launch, read } = openTokenReaders(t, server, env)
  const children = await Promise.all(Array.from({ length: PROCESSES }, () => launch()))
  return { time, server, id, carrier, children, launch, read }
}

for (const database of databases) {
  test(`${database}: of three processes that use one sign-in, one spends the refresh token each time the access token ends`, async (t) => {
    const { time, server, id, carrier, children, read } = await openScene(t, database)
    for (let round = 1; round <= ROUNDS; round += 1) {
      time.now += LIFE_MS
      const seen = await Promise.all(children.map((child) => read(child, READERS, time.now)))
      assert.deepEqual([carrier.refreshes, carrier.reused], [round, 0], `after round ${round}`)
      for (const { tokens, failures } of seen)
        assert.deepEqual([tokens, failures], [[`access-${round}`], []], `round ${round}`)
      const { row, credentials } = await storedConnection(server, id)
      assert.equal(credentials.sign_in, carrier.good)
      assert.equal(row.state, 'verified')
    }
    assert.ok(carrier.quotes <= ROUNDS * PROCESSES)
  })

  test(`${database}: the control: where claims are forgotten, the sign-in is spent twice and lost`, async (t) => {
    const { time, carrier, children, read } = await openScene(t, database, { FORGETFUL: 'yes' })
    carrier.replyMs = 500
    for (let round = 1; round <= ROUNDS && !carrier.isSpoiled; round += 1) {
      time.now += LIFE_MS
      await Promise.all(children.map((child) => read(child, 10, time.now)))
    }
    assert.ok(carrier.reused > 0)
  })

  test(`${database}: a process that is killed while it asks loses nothing: another spends the same refresh token when the claim ends`, async (t) => {
    const { time, carrier, children, read, launch } = await openScene(t, database)
    const [survivor] = children
    assert.ok(survivor)
    const silence = createServer(() => {})
    await new Promise<void>((resolve) => silence.listen(0, '127.0.0.1', resolve))
    t.after(() => {
      silence.closeAllConnections()
      silence.close()
    })
    let asked = 0
    silence.on('request', () => (asked += 1))
    const victim = await launch({ CARRIER: `http://127.0.0.1:${(silence.address() as AddressInfo).port}/` })
    time.now += LIFE_MS
    victim.send({ at: time.now, readers: 1 })
    while (asked === 0) await pause(5)
    victim.kill('SIGKILL')
    time.now += 31_000
    const { tokens, failures } = await read(survivor, 10, time.now)
    assert.deepEqual([tokens, failures], [['access-1'], []])
    assert.equal(carrier.reused, 0)
  })
}
