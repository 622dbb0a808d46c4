import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { createLog } from '../../src/log.ts'
import { openOutbound } from '../../src/outbound/http.ts'
import { createDeliveries } from '../../src/webhooks/deliver.ts'
import { databases, type DatabaseName } from '../support/database/databases.ts'
import { openTestServer } from '../support/server/test-server.ts'
import { openDelivery } from '../support/webhooks/open-delivery.ts'
import { createWebhook } from '../support/webhooks/create-webhook.ts'
import { SECOND } from '../support/clock.ts'
import { connect } from '../support/connections/connect.ts'

/** The slow receiver answers after this time, which is just in time not to fail, and longer than anybody in these tests waits. */
const SLOW_MS = 9_500

/** Opens receivers on loopback, all on one port; the path `/slow` takes a message after a long time, and any other path at once. */
async function openReceivers(t: TestContext, addresses: readonly string[]) {
  const seen = { slow: 0, quick: 0 }
  let port = 0
  for (const address of addresses) {
    const listener = createServer((request, response) => {
      request.resume()
      const isSlow = request.url?.startsWith('/slow') ?? false
      seen[isSlow ? 'slow' : 'quick'] += 1
      setTimeout(() => response.writeHead(204).end(), isSlow ? SLOW_MS : 0).unref()
    })
    t.after(() => {
      listener.close()
      listener.closeAllConnections()
    })
    listener.listen(port, address)
    await once(listener, 'listening')
    port = (listener.address() as AddressInfo).port
  }
  return { seen, port }
}

/** Opens a server whose messages leave over sockets, and a worker that delivers them. */
async function openScene(t: TestContext, database: DatabaseName) {
  const log = createLog('fatal', { write: () => undefined })
  const outbound = openOutbound({ overrides: new Map(), allow: ['127.0.0.0/8'], deliverInClear: true, log })
  const env = { HAWSER_WEBHOOK_HTTP: 'true', HAWSER_OUTBOUND_ALLOW: '127.0.0.0/8' }
  const server = await openTestServer(database, { repeatTransactions: false, outbound, env })
  const worker = createDeliveries(server.ctx)
  t.after(async () => {
    await worker.stop(0)
    await outbound.close()
    await server.close()
  })
  return { server, worker }
}

const HOSTS = Array.from({ length: 20 }, (_, index) => `127.0.0.${index + 1}`)

for (const database of databases) {
  for (const [where, hosts] of [
    ['one host', ['127.0.0.1']],
    ['many hosts', HOSTS],
  ] as const)
    test(`${database}: slow endpoints of two tenants on ${where} hold up no message of another`, async (t) => {
      const { server, worker } = await openScene(t, database)
      const { seen, port } = await openReceivers(t, hosts)
      for (let tenant = 0; tenant < 2; tenant += 1) {
        const key = await server.newKey({ tenantId: await server.newTenant() })
        for (const [index] of HOSTS.entries())
          await createWebhook(
            server,
            { url: `http://${hosts[index % hosts.length]}:${port}/slow/${index}` },
            key,
          )
        for (let count = 0; count < 5; count += 1) await connect(server, 'ups', { key })
      }
      await createWebhook(server, { url: `http://127.0.0.1:${port}/` })
      worker.start()
      for (let before = -1; seen.slow === 0 || before < seen.slow; await pause(500)) before = seen.slow
      const taken = seen.slow
      const began = performance.now()
      await connect(server, 'ups')
      while (seen.quick === 0) {
        assert.ok(performance.now() - began < 2 * SECOND, 'it is delivered')
        await pause(5)
      }
      assert.ok(taken >= 16 && taken <= 48, `${taken} wait`)
      assert.equal(seen.slow, taken)
    })

  test(`${database}: an endpoint that is slow has one attempt under way, although it takes everything`, async (t) => {
    const { server, receivers } = await openDelivery(t, database)
    const worker = createDeliveries(server.ctx, { slowMs: 400 })
    await createWebhook(server, { url: 'https://slow.example/' })
    receivers.script('slow.example', async (_, count) => {
      if (count <= 5) await pause(500)
      return { status: 204 }
    })
    for (let count = 0; count < 12; count += 1) await connect(server, 'ups')
    const begun: number[] = []
    while (begun.at(-1) !== 0) begun.push(await worker.tick())
    assert.deepEqual(begun, [4, 1, 1, 4, 2, 0])
  })
}
