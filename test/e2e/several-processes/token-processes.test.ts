import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { databases, type DatabaseName } from '../../support/database/databases.ts'
import { openTestServer } from '../../support/server/test-server.ts'
import { mintTokens, tokenRow } from '../../support/tokens/token-carrier.ts'
import type { ReadOrder } from '../../support/tokens/token-reader-process.ts'
import { openTokenReaders } from '../../support/tokens/token-readers.ts'
import { connect } from '../../support/connections/connect.ts'

const PROCESSES = 3
const READERS = 1_000
const ROUNDS = 20
const KILLS = 5
const LIFE_MS = 3_600_000
const CLAIM_MS = 30_000

/** Opens a carrier on loopback; each token that it gives ends the one before, and it counts the calls. */
async function openCarrier(t: TestContext) {
  const carrier = { calls: 0, url: '', isSilent: false, replyMs: 20 }
  const listener = createServer((request, response) => {
    request.resume().on('end', () => {
      carrier.calls += 1
      if (carrier.isSilent) return
      const reply = JSON.stringify({ access_token: `token-${carrier.calls}`, expires_in: LIFE_MS / 1_000 })
      setTimeout(() => response.writeHead(200).end(reply), carrier.replyMs)
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

/** Makes a connection whose token ends at `time.now`, and returns a function that starts a process that reads the token. */
async function openReaders(t: TestContext, database: DatabaseName) {
  const time = { now: Date.now() }
  const server = await openTestServer(database, {
    clock: () => new Date(time.now),
    repeatTransactions: false,
  })
  t.after(server.close)
  const carrier = await openCarrier(t)
  mintTokens(server, LIFE_MS / 1_000)
  const id = await connect(server, 'dhl_ecommerce')
  const { launch, read } = openTokenReaders(t, server, { CARRIER: carrier.url, CARRIER_ID: id })
  return { time, server, id, carrier, launch, read }
}

for (const database of databases) {
  test(`${database}: of a thousand readers in each of three processes at the moment a token ends, one asks the carrier`, async (t) => {
    const { time, carrier, launch, read } = await openReaders(t, database)
    const children = await Promise.all(Array.from({ length: PROCESSES }, () => launch()))
    for (let round = 1; round <= ROUNDS; round += 1) {
      time.now += LIFE_MS
      const seen = await Promise.all(children.map((child) => read(child, READERS, time.now)))
      assert.equal(carrier.calls, round, `calls after round ${round}`)
      for (const { tokens, failures } of seen) {
        assert.deepEqual(failures, [])
        assert.deepEqual(tokens, [`token-${round}`], `round ${round}: a token that the carrier has ended`)
      }
    }
  })

  test(`${database}: the control: where claims are forgotten, several ask`, async (t) => {
    const { time, carrier, launch, read } = await openReaders(t, database)
    const children = await Promise.all(Array.from({ length: PROCESSES }, () => launch({ FORGETFUL: 'yes' })))
    carrier.replyMs = 500
    for (let round = 1; round <= 3; round += 1) {
      time.now += LIFE_MS
      await Promise.all(children.map((child) => read(child, 10, time.now)))
    }
    assert.ok(carrier.calls > 3, `${carrier.calls} calls`)
  })

  test(`${database}: from a process that is killed while it has the claim another takes over when the claim ends`, async (t) => {
    const { time, server, id, carrier, launch, read } = await openReaders(t, database)
    const survivor = await launch()
    for (let kill = 1; kill <= KILLS; kill += 1) {
      time.now += LIFE_MS
      const victim = await launch()
      carrier.isSilent = true
      victim.send({ at: time.now, readers: 3 } satisfies ReadOrder)
      while (carrier.calls < kill * 2 - 1) await pause(5)
      victim.kill('SIGKILL')
      carrier.isSilent = false
      const reading = read(survivor, 10, time.now)
      await pause(200)
      assert.equal(carrier.calls, kill * 2 - 1, 'nobody asks while the claim lasts')
      time.now += CLAIM_MS
      survivor.send({ at: time.now, readers: 0 } satisfies ReadOrder)
      assert.deepEqual(await reading, { tokens: [`token-${kill * 2}`], failures: [] })
      assert.equal(carrier.calls, kill * 2)
      const row = await tokenRow(server, id)
      assert.equal(row?.claimed_until, null)
    }
  })
}
