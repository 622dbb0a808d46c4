import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createDeliveries } from '../../src/webhooks/deliver.ts'
import { databases } from '../support/harness.ts'
import {
  deliverBy,
  attemptsOf,
  createWebhook,
  DAY,
  HOUR,
  outbox,
  SECOND,
  actorsAndActions as trail,
  connectAccount as connect,
  openDelivery,
} from '../support/webhooks.ts'

for (const database of databases) {
  const open = (t: TestContext) => openDelivery(t, database)

  test(`${database}: five days in which nothing was delivered disable an endpoint, on record`, async (t) => {
    const { house, clock, receivers, worker } = await open(t)
    const { id } = await createWebhook(house, { url: 'https://a.example/' })
    receivers.script('a.example', () => ({ status: 500 }))
    const start = clock.now().getTime()
    while ((await attemptsOf(house, id)).disabled_at === null) {
      assert.ok(clock.now().getTime() - start < 8 * DAY, 'it is never disabled')
      if ((clock.now().getTime() - start) % (24 * HOUR) === 0) await connect(house)
      while ((await worker.tick()) > 0);
      clock.forward(3 * HOUR)
    }
    const took = Date.parse((await attemptsOf(house, id)).disabled_at) - start
    assert.ok(took >= 5 * DAY && took <= 5 * DAY + 12 * HOUR, `${took / DAY} days`)
    const entries = (await trail(house)).filter((entry: string) => entry === 'system webhook.disabled')
    assert.equal(entries.length, 1)
    assert.equal(await worker.tick(), 0)
  })

  test(`${database}: messages are kept for 30 days, and longer only while one waits`, async (t) => {
    const { house, clock, receivers, worker } = await open(t)
    await createWebhook(house, { url: 'https://a.example/' })
    await connect(house)
    await worker.tick()
    clock.forward(29 * DAY)
    receivers.script('a.example', () => ({ status: 500 }))
    await connect(house)
    await worker.tick()
    assert.equal((await outbox(house)).length, 2)
    clock.forward(DAY + HOUR)
    await worker.tick()
    assert.deepEqual(
      (await outbox(house)).map(({ message_id }) => message_id),
      [receivers.seen.at(-1)?.headers['webhook-id']],
    )
    clock.forward(31 * DAY)
    await connect(house)
    await worker.tick()
    assert.equal((await outbox(house)).length, 2, 'what still waits stays')
  })

  test(`${database}: a dead endpoint delays no other, of the same tenant or another`, async (t) => {
    const { house, clock, receivers } = await open(t)
    const worker = createDeliveries(house.ctx, { patienceMs: 400 })
    const tenantId = await house.newTenant()
    const key = await house.newKey({ tenantId })
    await createWebhook(house, { url: 'https://dead.example/' })
    await createWebhook(house, { url: 'https://alive.example/' })
    await createWebhook(house, { url: 'https://other.example/' }, key)
    receivers.script('dead.example', () => new Promise(() => {}))
    for (let count = 0; count < 12; count += 1) await connect(house)
    await connect(house, key)
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

  test(`${database}: many dead endpoints leave room for one that lives`, async (t) => {
    const { house, clock, receivers } = await open(t)
    const worker = createDeliveries(house.ctx, { patienceMs: 2_000 })
    for (let count = 0; count < 19; count += 1)
      await createWebhook(house, { url: `https://dead-${count}.example/` })
    const key = await house.newKey({ tenantId: await house.newTenant() })
    await createWebhook(house, { url: 'https://alive.example/' }, key)
    deliverBy(house, async (request) => {
      receivers.seen.push(request)
      return request.url.includes('dead') ? new Promise(() => {}) : { status: 200 }
    })
    await connect(house)
    assert.equal(await worker.tick(), 19)
    for (let count = 0; count < 3; count += 1) await connect(house)
    clock.forward(5 * SECOND)
    const before = receivers.seen.length
    await connect(house, key)
    const begun = await worker.tick()
    assert.equal(receivers.at('alive.example').length, 1)
    assert.equal(begun, receivers.seen.length - before)
    assert.equal(begun, 11, 'failing endpoints of one tenant have ten attempts under way')
  })
}
