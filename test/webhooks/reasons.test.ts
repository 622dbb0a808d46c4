import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { REASONS, Unreachable } from '../../src/outbound/unreachable.ts'
import { createDeliveries } from '../../src/webhooks/deliver.ts'
import { causeOf, reasonFor, reasons } from '../../src/webhooks/delivery-reasons.ts'
import { databases } from '../support/database/databases.ts'
import { openTestServer } from '../support/server/test-server.ts'
import { resolvedTo, openTestOutbound } from '../support/outbound/test-outbound.ts'
import { openPeer, reply } from '../support/outbound/peer.ts'
import { QUICK_LIMITS } from '../support/outbound/carrier-server.ts'
import { attemptsOf } from '../support/webhooks/outbox.ts'
import {} from '../support/webhooks/open-delivery.ts'
import { createWebhook } from '../support/webhooks/create-webhook.ts'
import { replaceDelivery } from '../support/webhooks/receivers.ts'
import { connect } from '../support/connections/connect.ts'

const notFound = Object.assign(new Error('planted text of a resolver'), { code: 'ENOTFOUND' })

for (const database of databases)
  test(`${database}: why a message was not delivered is told in one word, and a name that is closed as one that is not there`, async (t) => {
    const failing = await openPeer(
      t,
      reply('HTTP/1.1 500 planted\r\nplanted: text\r\ncontent-length: 0\r\n\r\n'),
    )
    const silent = await openPeer(t, () => undefined)
    const cut = await openPeer(t, 'hang up')
    const untrusted = await openPeer(t, reply('planted text'), { tls: true })
    const gone = await openPeer(t, reply(''))
    gone.server.close()
    const outbound = openTestOutbound(t, {
      allow: ['127.0.0.1'],
      deliverInClear: true,
      limits: { ...QUICK_LIMITS, ports: [443, untrusted.port] },
      resolve: async (name) => {
        if (name === 'absent.example') throw notFound
        return resolvedTo(name === 'closed.example' ? '10.0.0.1' : '127.0.0.1')
      },
    })
    const server = await openTestServer(database, { outbound, env: { HAWSER_WEBHOOK_HTTP: 'true' } })
    t.after(server.close)
    const expected = [
      [`http://a.example:${failing.port}/`, 'status', 500],
      ['https://closed.example/', 'address_not_allowed', null],
      ['https://absent.example/', 'address_not_allowed', null],
      ['https://10.0.0.1/', 'address_not_allowed', null],
      ['https://a.example:9000/', 'address_not_allowed', null],
      [`http://a.example:${gone.port}/`, 'connection_refused', null],
      [`https://a.example:${untrusted.port}/`, 'tls_failed', null],
      [`http://a.example:${silent.port}/`, 'timeout', null],
      [`http://a.example:${cut.port}/`, 'broken_answer', null],
    ] as const
    // These endpoints are made as if the settings had once let every address through.
    server.ctx.findObstacle = () => undefined
    const ids: string[] = []
    for (const [url] of expected) ids.push((await createWebhook(server, { url })).id)
    await connect(server, 'ups')
    const worker = createDeliveries(server.ctx)
    assert.equal(await worker.tick(), expected.length)
    for (const [index, [url, reason, status]] of expected.entries()) {
      const [shown] = (await attemptsOf(server, ids[index] ?? '')).attempts
      assert.deepEqual([shown.state, shown.last_reason, shown.last_status], ['pending', reason, status], url)
    }
    const lines = server.logs
      .map((line) => JSON.parse(line))
      .filter(({ msg }) => msg === 'webhook not delivered')
    for (const [index, [url, reason]] of expected.entries()) {
      const line = lines.find(({ webhook_id }) => webhook_id === ids[index])
      assert.equal(line?.reason, reason, url)
      if (url.includes('absent')) assert.equal(line.cause, 'unresolved')
    }
    assert.ok(!server.logs.join().includes('planted') && !server.logs.join().includes('example'))

    replaceDelivery(server, async () => ({ status: 204 }))
    await server.request('PUT', `/v1/environment/webhooks/${ids[1]}`, { body: { name: 'again' } })
    const since = new Date(0).toISOString()
    await server.request('POST', `/v1/environment/webhooks/${ids[1]}/replay`, { body: { since } })
    await worker.tick()
    const [again] = (await attemptsOf(server, ids[1] ?? '')).attempts
    assert.deepEqual([again.state, again.last_reason], ['delivered', null])
  })

test('every way in which a call can end without an answer has a reason, and the document tells them all', () => {
  for (const reason of REASONS) {
    assert.equal(causeOf(new Unreachable(reason)), reason)
    assert.ok(Object.hasOwn(reasons, reasonFor(reason)))
  }
  for (const odd of [undefined, null, new Error('x'), { reason: 7 }, { reason: '__proto__' }])
    assert.equal(causeOf(odd), 'broken')
  const document = readFileSync('docs/extensions.md', 'utf8')
  const [, rows = ''] = document.split(/^\| `last_reason` .*\n.*\n/m)
  const told = [...(rows.split('\n\n')[0] ?? '').matchAll(/^\| `(\w+)` +\| (.*?) +\|$/gm)]
  assert.deepEqual(Object.fromEntries(told.map(([, reason = '', text = '']) => [reason, text])), reasons)
})
