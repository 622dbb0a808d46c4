import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { createDeliveries } from '../../../src/webhooks/deliver.ts'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { attemptsOf, outbox } from '../../support/webhooks/outbox.ts'
import { createWebhook } from '../../support/webhooks/create-webhook.ts'
import { openReceivers } from '../../support/webhooks/receivers.ts'

const PATH = '/v1/environment/webhooks'
const event = 'carrier_connected'

onEveryDatabase('replay of webhooks', (server) => {
  const send = (method: string, path: string, asked: { body?: unknown } = {}) =>
    server().request(method, path, asked)
  const connect = () =>
    send('POST', '/v1/connections/carriers/ups', { body: { ...connectBodies.ups, account_number: unique() } })
  let id = ''
  before(async () => {
    id = (await createWebhook(server(), { url: 'https://a.example/' })).id
  })
  const drain = async () => {
    const worker = createDeliveries(server().ctx)
    while ((await worker.tick()) > 0);
  }

  test('a replay names one message or a time, and not both or neither', async () => {
    const refusals: [unknown, string, string | undefined][] = [
      [{}, 'field_value_required', 'message_id'],
      [{ message_id: '' }, 'field_value_required', 'message_id'],
      [{ message_id: 7 }, 'invalid_field_value', 'message_id'],
      [{ since: 'yesterday' }, 'invalid_field_value', 'since'],
      [{ since: '2026-02-30' }, 'invalid_field_value', 'since'],
      [{ since: '2026-01-01T00:00:00' }, 'invalid_field_value', 'since'],
      [{ since: '2016-12-31T23:59:60Z' }, 'invalid_field_value', 'since'],
      [{ message_id: 'msg_1', since: '2026-01-01T00:00:00Z' }, 'field_conflict', 'since'],
      [{ until: '2026-01-01T00:00:00Z' }, 'invalid_field_value', undefined],
    ]
    for (const [body, code, field] of refusals) {
      const { status, json } = await send('POST', `${PATH}/${id}/replay`, { body })
      assert.equal(status, 400)
      assert.deepEqual([json.errors[0].error_code, json.errors[0].field_name], [code, field])
    }
    const unknown = await send('POST', `${PATH}/${id}/replay`, { body: { message_id: 'msg_0' } })
    assert.deepEqual([unknown.status, unknown.json.errors[0].field_name], [404, 'message_id'])
  })

  test('attempts are shown newest first, in pages', async () => {
    const receivers = openReceivers(server())
    for (let count = 0; count < 3; count += 1) await connect()
    const waiting = await attemptsOf(server(), id)
    assert.deepEqual([waiting.total, waiting.page, waiting.pages, waiting.disabled_at], [3, 1, 1, null])
    const [first] = waiting.attempts
    assert.deepEqual(first, {
      ...{ message_id: first.message_id, type: event, state: 'pending', attempts: 0 },
      ...{
        created_at: first.created_at,
        next_at: first.created_at,
        last_at: null,
        last_status: null,
        last_reason: null,
      },
    })
    await drain()
    assert.equal(receivers.seen.length, 3)
    const page = (await send('GET', `${PATH}/${id}/attempts?page=2&page_size=2`)).json
    assert.deepEqual([page.attempts.length, page.total, page.page, page.pages], [1, 3, 2, 2])
    const [done] = page.attempts
    assert.deepEqual([done.state, done.attempts, done.last_status, done.next_at], ['delivered', 1, 204, null])
    assert.ok(done.last_at >= done.created_at)
    assert.equal((await send('GET', `${PATH}/${id}/attempts?page=0`)).status, 400)
  })

  test('a message goes out once more under its own id, alone or with all since a time', async () => {
    const receivers = openReceivers(server())
    const [oldest, ...later] = await outbox(server())
    assert.ok(oldest && later.length === 2)
    const again = await send('POST', `${PATH}/${id}/replay`, { body: { message_id: oldest.message_id } })
    assert.deepEqual(again.json, { replayed: 1 })
    await drain()
    assert.deepEqual(
      receivers.seen.map(({ headers, body }) => [headers['webhook-id'], body]),
      [[oldest.message_id, oldest.payload]],
    )
    const since = later[0]?.created_at
    assert.deepEqual((await send('POST', `${PATH}/${id}/replay`, { body: { since } })).json, { replayed: 2 })
    await drain()
    assert.equal(receivers.seen.length, 3)
    const none = await send('POST', `${PATH}/${id}/replay`, { body: { since: '2099-01-01T00:00:00+01:00' } })
    assert.deepEqual(none.json, { replayed: 0 })
  })

  test('a webhook that came later gets the messages of its event from before it, and none of another', async () => {
    const late = await createWebhook(server(), { url: 'https://late.example/' })
    const stranger = await createWebhook(server(), {
      url: 'https://late.example/',
      event: 'connection.updated',
    })
    const receivers = openReceivers(server())
    const all = { since: '2020-01-01' }
    const [message] = await outbox(server())
    assert.deepEqual((await send('POST', `${PATH}/${late.id}/replay`, { body: all })).json, { replayed: 3 })
    assert.deepEqual((await send('POST', `${PATH}/${stranger.id}/replay`, { body: all })).json, {
      replayed: 0,
    })
    const wrong = { message_id: message?.message_id }
    assert.equal((await send('POST', `${PATH}/${stranger.id}/replay`, { body: wrong })).status, 404)
    await drain()
    assert.deepEqual([receivers.seen.length, receivers.at('late.example').length], [3, 3])
  })
})
