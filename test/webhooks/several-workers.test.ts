import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { parseConfig } from '../../src/config.ts'
import { noWayOut } from '../../src/context.ts'
import { openContext } from '../../src/open-installation.ts'
import type { Outbound } from '../../src/outbound/http.ts'
import { createDeliveries } from '../../src/webhooks/deliver.ts'
import { databases } from '../support/database/databases.ts'
import { openTestServer } from '../support/server/test-server.ts'
import { attemptsOf } from '../support/webhooks/outbox.ts'
import { createWebhook } from '../support/webhooks/create-webhook.ts'
import { replaceDelivery, openReceivers } from '../support/webhooks/receivers.ts'
import { HOUR, MINUTE, newClock, SECOND } from '../support/clock.ts'
import { connect } from '../support/connections/connect.ts'

for (const database of databases) {
  /**
   * Opens a server, and returns a function that makes further workers on its database. On PostgreSQL each worker has its own connections; two writers of one
   * SQLite file in one thread would wait for each other, so that the workers share the store there: see `test/e2e/several-processes/webhook-processes.test.ts`.
   */
  const open = async (t: TestContext, { rehearse = true } = {}) => {
    const clock = newClock()
    const server = await openTestServer(database, { clock: clock.now, repeatTransactions: rehearse })
    t.after(server.close)
    const receivers = openReceivers(server)
    const another = async () => {
      const deliver: Outbound['deliver'] = (request) => server.ctx.outbound.deliver(request)
      if (database === 'sqlite')
        return createDeliveries({ ...server.ctx, outbound: { ...noWayOut, deliver } })
      const outbound = { ...noWayOut, deliver }
      const options = { clock: clock.now, outbound }
      const ctx = await openContext(parseConfig(server.env).config, server.ctx.log, options)
      t.after(() => ctx.store.close())
      return createDeliveries(ctx)
    }
    return { server, clock, receivers, another }
  }

  test(`${database}: three workers on one database are never at one delivery together, and leave none out`, async (t) => {
    const { server, clock, another } = await open(t, { rehearse: false })
    const hosts = ['a', 'b', 'c']
    for (const host of hosts) await createWebhook(server, { url: `https://${host}.example/` })
    const [underWay, counts] = [new Set<string>(), new Map<string, number>()]
    let overlaps = 0
    replaceDelivery(server, async ({ url, headers }) => {
      const what = `${headers['webhook-id']} ${url}`
      if (underWay.has(what)) overlaps += 1
      underWay.add(what)
      await pause(Math.random() * 20)
      underWay.delete(what)
      counts.set(what, (counts.get(what) ?? 0) + 1)
      return { status: 200 }
    })
    const messages = 20
    for (let count = 0; count < messages; count += 1) await connect(server, 'ups')
    clock.forward(1)
    const workers = await Promise.all([another(), another(), another()])
    for (let idle = 0; idle < 2;)
      idle = (await Promise.all(workers.map((worker) => worker.tick()))).some((begun) => begun > 0)
        ? 0
        : idle + 1
    assert.equal(overlaps, 0)
    assert.equal(counts.size, messages * hosts.length)
    assert.deepEqual([...new Set(counts.values())], [1])
  })

  test(`${database}: a process that dies between claim and result leaves its delivery to others after the claim`, async (t) => {
    const { server, clock, receivers, another } = await open(t)
    const { id } = await createWebhook(server, { url: 'https://a.example/' })
    const answers: ((reply: { status: number }) => void)[] = []
    receivers.script('a.example', () => new Promise((resolve) => void answers.push(resolve)))
    await connect(server, 'ups')
    const [first, second] = [await another(), await another()]
    const lost = first.tick()
    while (receivers.seen.length < 1) await pause(5)
    clock.forward(59 * SECOND)
    assert.equal(await second.tick(), 0, 'it is the first one’s still')
    clock.forward(SECOND)
    receivers.script('a.example', () => ({ status: 200 }))
    assert.equal(await second.tick(), 1)
    const [before, after] = receivers.seen
    assert.equal(before?.headers['webhook-id'], after?.headers['webhook-id'])
    const stands = (await attemptsOf(server, id)).attempts
    assert.deepEqual([stands[0].state, stands[0].attempts], ['delivered', 1])
    answers[0]?.({ status: 500 })
    await lost
    assert.deepEqual((await attemptsOf(server, id)).attempts, stands, 'who comes late writes nothing')
  })

  test(`${database}: a claim of a dead process whose clock ran ahead holds nothing up once the clock is right`, async (t) => {
    const { server, clock, receivers, another } = await open(t)
    await createWebhook(server, { url: 'https://a.example/' })
    const answers: ((reply: { status: number }) => void)[] = []
    receivers.script('a.example', () => new Promise((resolve) => void answers.push(resolve)))
    await connect(server, 'ups')
    const [first, second] = [await another(), await another()]
    clock.forward(2 * HOUR)
    const lost = first.tick()
    while (receivers.seen.length < 1) await pause(5)
    clock.forward(-2 * HOUR + SECOND)
    receivers.script('a.example', () => ({ status: 200 }))
    assert.equal(await second.tick(), 1)
    answers[0]?.({ status: 500 })
    await lost
  })

  test(`${database}: a worker that stops claims nothing more, and lets attempts under way end`, async (t) => {
    const { server, clock, receivers, another } = await open(t)
    const { id } = await createWebhook(server, { url: 'https://a.example/' })
    receivers.script('a.example', async () => {
      await pause(100)
      return { status: 200 }
    })
    const worker = await another()
    worker.start()
    await connect(server, 'ups')
    clock.forward(1)
    while (receivers.seen.length < 1) await pause(5)
    await connect(server, 'ups')
    clock.forward(1)
    await worker.stop(5_000)
    const states = (await attemptsOf(server, id)).attempts.map(({ state }: { state: string }) => state)
    assert.deepEqual(states, ['pending', 'delivered'])
    await pause(50)
    assert.equal(receivers.seen.length, 1)
  })

  test(`${database}: an impatient stop leaves attempts under way, and the message is delivered again`, async (t) => {
    const { server, clock, receivers, another } = await open(t)
    await createWebhook(server, { url: 'https://a.example/' })
    receivers.script('a.example', () => new Promise(() => {}))
    const [first, second] = [await another(), await another()]
    await connect(server, 'ups')
    clock.forward(1)
    first.start()
    while (receivers.seen.length < 1) await pause(5)
    const began = performance.now()
    await first.stop(20)
    assert.ok(performance.now() - began < 1_000)
    clock.forward(MINUTE)
    receivers.script('a.example', () => ({ status: 200 }))
    assert.equal(await second.tick(), 1)
  })

  test(`${database}: a database that is away for a while does not end the worker`, async (t) => {
    const { server, clock, receivers } = await open(t)
    await createWebhook(server, { url: 'https://a.example/' })
    await connect(server, 'ups')
    clock.forward(1)
    const { store } = server.ctx
    let asked = 0
    server.ctx.store = {
      ...store,
      cross: (crossing, work) => {
        asked += 1
        if (asked === 1) throw new Error('away')
        return store.cross(crossing, work)
      },
    }
    const worker = createDeliveries(server.ctx)
    await assert.rejects(worker.tick(), /away/)
    assert.equal(await worker.tick(), 1)
    assert.equal(receivers.seen.length, 1)
  })
}
