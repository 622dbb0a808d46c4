import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { createDeliveries } from '../../src/webhooks/deliver.ts'
import { databases } from '../support/database/databases.ts'
import { attemptsOf, outbox } from '../support/webhooks/outbox.ts'
import { createWebhook } from '../support/webhooks/create-webhook.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../support/clock.ts'
import { actorsAndActions as trail } from '../support/audit/audit-events.ts'
import { openDelivery } from '../support/webhooks/open-delivery.ts'
import { connect } from '../support/connections/connect.ts'

for (const database of databases) {
  const open = (t: TestContext) => openDelivery(t, database)

  test(`${database}: what is delivered is signed, named and headed as promised, and delivered once`, async (t) => {
    const { server, receivers, worker } = await open(t)
    const headers = [
      { key: 'X-Token', value: 'a token' },
      { key: 'Authorization', value: 'Bearer abc' },
    ]
    const { secret } = await createWebhook(server, { url: 'https://a.example/in?x=1', headers })
    assert.equal(await worker.tick(), 0)
    await connect(server, 'ups')
    assert.equal(receivers.seen.length, 0, 'nothing leaves inside of a request')
    assert.equal(await worker.tick(), 1)
    const [sent] = receivers.seen
    const [message] = await outbox(server)
    assert.ok(sent && message)
    assert.equal(sent.url, 'https://a.example/in?x=1')
    assert.equal(sent.body, message.payload)
    assert.match(message.message_id, /^msg_[0-9a-f]{32}$/)
    const { 'webhook-signature': signature, 'webhook-timestamp': timestamp, ...rest } = sent.headers
    assert.match(signature ?? '', /^v1,[A-Za-z0-9+/]{43}=$/)
    assert.match(timestamp ?? '', /^\d{10}$/)
    assert.deepEqual(rest, {
      'x-token': 'a token',
      authorization: 'Bearer abc',
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Hawser-Webhooks',
      'webhook-id': message.message_id,
    })
    assert.deepEqual(new Webhook(secret).verify(sent.body, sent.headers), JSON.parse(sent.body))
    assert.throws(() => new Webhook(secret).verify(`${sent.body} `, sent.headers))
    assert.equal(await worker.tick(), 0)
    assert.equal(receivers.seen.length, 1)
  })

  test(`${database}: each endpoint signs with a secret of its own`, async (t) => {
    const { server, receivers, worker } = await open(t)
    const a = await createWebhook(server, { url: 'https://a.example/' })
    const b = await createWebhook(server, { url: 'https://b.example/' })
    assert.notEqual(a.secret, b.secret)
    await connect(server, 'ups')
    await worker.tick()
    const [atA, atB] = [receivers.at('a.example')[0], receivers.at('b.example')[0]]
    assert.ok(atA && atB)
    assert.equal(atA.headers['webhook-id'], atB.headers['webhook-id'])
    assert.throws(() => new Webhook(b.secret).verify(atA.body, atA.headers))
  })

  test(`${database}: a failing receiver is asked ten times on the schedule, under one id, and then no more`, async (t) => {
    const { server, clock, receivers, worker } = await open(t)
    const { id } = await createWebhook(server, { url: 'https://a.example/' })
    receivers.script('a.example', () => ({ status: 500 }))
    await connect(server, 'ups')
    const start = clock.now().getTime()
    const times: number[] = []
    const waits = [0, 5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR]
    for (const wait of [...waits, 20 * HOUR, 24 * HOUR]) {
      if (wait > 0) {
        clock.forward(wait - 1)
        assert.equal(await worker.tick(), 0, 'not a moment too soon')
        clock.forward(1)
      }
      assert.equal(await worker.tick(), 1)
      times.push(clock.now().getTime() - start)
    }
    assert.equal(times.at(-1), 75 * HOUR + 35 * MINUTE + 5 * SECOND)
    const ids = new Set(receivers.seen.map(({ headers }) => headers['webhook-id']))
    const stamps = new Set(receivers.seen.map(({ headers }) => headers['webhook-timestamp']))
    assert.deepEqual([ids.size, stamps.size], [1, 10], 'the time is the attempt’s own')
    clock.forward(100 * DAY)
    assert.equal(await worker.tick(), 0)
    const { attempts, disabled_at } = await attemptsOf(server, id)
    assert.deepEqual([attempts[0].state, attempts[0].attempts, attempts[0].last_status], ['failed', 10, 500])
    assert.equal(attempts[0].next_at, null)
    assert.equal(disabled_at, null)
  })

  test(`${database}: what throws, redirects or never answers is a failure, and a later success ends it`, async (t) => {
    const { server, clock, receivers } = await open(t)
    const worker = createDeliveries(server.ctx, { random: () => 0.5, patienceMs: 50 })
    const { id } = await createWebhook(server, { url: 'https://a.example/' })
    receivers.script('a.example', (_request, count) => {
      if (count === 1) throw new Error('planted text of a foreign error')
      if (count === 2) return new Promise(() => {})
      return { status: count === 3 ? 302 : 200 }
    })
    await connect(server, 'ups')
    for (const status of [null, null, 302, 200]) {
      assert.equal(await worker.tick(), 1)
      assert.equal((await attemptsOf(server, id)).attempts[0].last_status, status)
      clock.forward(DAY)
    }
    assert.equal((await attemptsOf(server, id)).attempts[0].state, 'delivered')
    assert.ok(!server.logs.join().includes('planted text'))
    const failing = await server.ctx.store.read(server.tenantId, (db) =>
      db.selectFrom('webhook_endpoint').select('failing_since').execute(),
    )
    assert.equal(failing[0]?.failing_since, null)
  })

  test(`${database}: 429 and 503 are asked again when they say, at most a day later`, async (t) => {
    const { server, clock, receivers, worker } = await open(t)
    await createWebhook(server, { url: 'https://a.example/' })
    receivers.script('a.example', (_request, count) =>
      count === 1 ? { status: 429, retryAfter: 600 } : { status: 503, retryAfter: 10_000_000 },
    )
    await connect(server, 'ups')
    await worker.tick()
    clock.forward(600 * SECOND - 1)
    assert.equal(await worker.tick(), 0)
    clock.forward(1)
    assert.equal(await worker.tick(), 1)
    clock.forward(DAY - 1)
    assert.equal(await worker.tick(), 0)
    clock.forward(1)
    assert.equal(await worker.tick(), 1)
  })

  test(`${database}: 410 disables the endpoint with all that waits for it; a change enables it again`, async (t) => {
    const { server, clock, receivers, worker } = await open(t)
    const { id } = await createWebhook(server, { url: 'https://a.example/' })
    await createWebhook(server, { url: 'https://b.example/' })
    receivers.script('a.example', (_request, count) => ({ status: count === 1 ? 500 : 410 }))
    await connect(server, 'ups')
    await worker.tick()
    clock.forward(5 * SECOND)
    await connect(server, 'ups')
    assert.equal(await worker.tick(), 2, 'a failing endpoint gets one attempt at a time')
    const { attempts, disabled_at } = await attemptsOf(server, id)
    assert.equal(disabled_at, clock.now().toISOString())
    assert.deepEqual(
      attempts.map(({ state }: { state: string }) => state),
      ['failed', 'failed'],
    )
    assert.equal((await trail(server))[0], 'system webhook.disabled')
    await connect(server, 'ups')
    clock.forward(DAY)
    await worker.tick()
    assert.deepEqual([receivers.at('a.example').length, receivers.at('b.example').length], [2, 3])

    const path = `/v1/environment/webhooks/${id}`
    const noticesAt = async (where: string) =>
      (await server.request('GET', where)).headers['hawser-notice'] as string | undefined
    for (const where of [path, '/v1/environment/webhooks'])
      assert.equal(String(await noticesAt(where)), `webhook_disabled; webhook_id=${id}`)
    const refused = await server.request('POST', `${path}/replay`, {
      body: { since: '2020-01-01T00:00:00Z' },
    })
    assert.deepEqual([refused.status, refused.json.errors[0].error_code], [409, 'invalid_status'])
    assert.equal((await server.request('PUT', path, { body: {} })).status, 204)
    for (const where of [path, '/v1/environment/webhooks']) assert.equal(await noticesAt(where), undefined)
    receivers.script('a.example', () => ({ status: 200 }))
    await connect(server, 'ups')
    await worker.tick()
    assert.equal(receivers.at('a.example').length, 3)
    assert.equal((await attemptsOf(server, id)).disabled_at, null)
  })
}
