import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createDeliveries } from '../../src/webhooks/deliver.ts'
import { databases } from '../support/database/databases.ts'
import { replaceDelivery } from '../support/webhooks/receivers.ts'
import { attemptsOf, outbox } from '../support/webhooks/outbox.ts'
import { createWebhook } from '../support/webhooks/create-webhook.ts'
import { DAY, HOUR, SECOND } from '../support/clock.ts'
import { actorsAndActions } from '../support/audit/audit-events.ts'
import { openDelivery } from '../support/webhooks/open-delivery.ts'
import { connect } from '../support/connections/connect.ts'

for (const database of databases) {
  const open = (t: TestContext) => openDelivery(t, database)

  test(`${database}: five days in which nothing was delivered disable an endpoint, on record`, async (t) => {
    const { server, clock, receivers, worker } = await open(t)
    const { id } = await createWebhook(server, { url: 'https://a.example/' })
    receivers.script('a.example', () => ({ status: 500 }))
    const start = clock.now().getTime()
    while ((await attemptsOf(server, id)).disabled_at === null) {
      assert.ok(clock.now().getTime() - start < 8 * DAY, 'it is never disabled')
      if ((clock.now().getTime() - start) % (24 * HOUR) === 0) await connect(server, 'ups')
      while ((await worker.tick()) > 0);
      clock.forward(3 * HOUR)
    }
    const took = Date.parse((await attemptsOf(server, id)).disabled_at) - start
    assert.ok(took >= 5 * DAY && took <= 5 * DAY + 12 * HOUR, `${took / DAY} days`)
    const entries = (await actorsAndActions(server)).filter(
      (entry: string) => entry === 'system webhook.disabled',
    )
    assert.equal(entries.length, 1)
    assert.equal(await worker.tick(), 0)
  })

  test(`${database}: messages are kept for 30 days, and longer only while one waits`, async (t) => {
    const { server, clock, receivers, worker } = await open(t)
    await createWebhook(server, { url: 'https://a.example/' })
    await connect(server, 'ups')
    await worker.tick()
    clock.forward(29 * DAY)
    receivers.script('a.example', () => ({ status: 500 }))
    await connect(server, 'ups')
    await worker.tick()
    assert.equal((await outbox(server)).length, 2)
    clock.forward(DAY + HOUR)
    await worker.tick()
    assert.deepEqual(
      (await outbox(server)).map(({ message_id }) => message_id),
      [receivers.seen.at(-1)?.headers['webhook-id']],
    )
    clock.forward(31 * DAY)
    await connect(server, 'ups')
    await worker.tick()
    assert.equal((await outbox(server)).length, 2, 'what still waits stays')
  })

  test(`${database}: a dead endpoint delays no other, of the same tenant or another`, async (t) => {
    const { server, clock, receivers } = await open(t)
    const worker = createDeliveries(server.ctx, { patienceMs: 400 })
    const tenantId = await server.newTenant()
    const key = await server.newKey({ tenantId })
    await createWebhook(server, { url: 'https://dead.example/' })
    await createWebhook(server, { url: 'https://alive.example/' })
    await createWebhook(server, { url: 'https://other.example/' }, key)
    receivers.script('dead.example', () => new Promise(() => {}))
    for (let count = 0; count < 12; count += 1) await connect(server, 'ups')
    await connect(server, 'ups', { key })
    clock.forward(1)
    const began = performance.now()
    worker.start()
    t.after(() => worker.stop(1_000))
    while (receivers.at('alive.example').length + receivers.at('other.example').length < 13) {
      assert.ok(performance.now() - began < 10_000, 'they are delivered')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    assert.ok(receivers.at('dead.example').length <= 4 * Math.ceil((performance.now() - began) / 400 + 1))
  })

  test(`${database}: many dead endpoints leave slots for one that lives`, async (t) => {
    const { server, clock, receivers } = await open(t)
    const worker = createDeliveries(server.ctx, { patienceMs: 2_000 })
    for (let count = 0; count < 19; count += 1)
      await createWebhook(server, { url: `https://dead-${count}.example/` })
    const key = await server.newKey({ tenantId: await server.newTenant() })
    await createWebhook(server, { url: 'https://alive.example/' }, key)
    replaceDelivery(server, async (request) => {
      receivers.seen.push(request)
      return request.url.includes('dead') ? new Promise(() => {}) : { status: 200 }
    })
    await connect(server, 'ups')
    assert.equal(await worker.tick(), 19)
    for (let count = 0; count < 3; count += 1) await connect(server, 'ups')
    clock.forward(5 * SECOND)
    const before = receivers.seen.length
    await connect(server, 'ups', { key })
    const begun = await worker.tick()
    assert.equal(receivers.at('alive.example').length, 1)
    assert.equal(begun, receivers.seen.length - before)
    assert.equal(begun, 11, 'failing endpoints of one tenant have ten attempts under way')
  })
}
