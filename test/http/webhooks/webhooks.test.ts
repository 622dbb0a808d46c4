import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDeliveries } from '../../../src/webhooks/deliver.ts'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { attemptsOf } from '../../support/webhooks/outbox.ts'
import { createWebhook } from '../../support/webhooks/create-webhook.ts'
import { openReceivers } from '../../support/webhooks/receivers.ts'

const PATH = '/v1/environment/webhooks'
const event = 'carrier_connected'
const ABSENT = 'se-0000000000000000'
type Told = { error_code: string; field_name?: string; message: string }

onEveryDatabase('webhooks', (server) => {
  const send = (method: string, path: string, asked: { body?: unknown; key?: string } = {}) =>
    server().request(method, path, asked)
  const told = (answer: { json: any }) =>
    (answer.json.errors as Told[]).map(({ error_code, field_name }) => [error_code, field_name])
  const url = () => `https://${unique('hooks')}.example/in`
  const events = async () =>
    (await send('GET', '/v1/audit?page_size=500')).json.events.map(
      ({ action, fields }: { action: string; fields: string[] }) => [action, fields],
    )

  test('a new webhook is answered in the published shape, its secret in a header, once', async () => {
    const body = {
      ...{ event, url: url(), name: 'Mine', store_id: 123_456 },
      headers: [{ key: 'X-Token', value: 'custom' }],
    }
    const answer = await send('POST', PATH, { body })
    assert.equal(answer.status, 200)
    const { webhook_id, ...rest } = answer.json
    assert.match(webhook_id, /^se-[0-9a-v]{16}$/)
    assert.deepEqual(rest, { ...body, headers: [{ key: 'X-Token', value: '[secret]' }] })
    assert.match(String(answer.headers['hawser-webhook-secret']), /^whsec_[A-Za-z0-9+/]{43}=$/)
    assert.equal(answer.headers['cache-control'], 'private, no-store')
    const one = await send('GET', `${PATH}/${webhook_id}`)
    assert.deepEqual(one.json, answer.json)
    assert.equal(one.headers['hawser-webhook-secret'], undefined)
    assert.deepEqual((await send('GET', `/v2/environment/webhooks`)).json, [answer.json])
    assert.deepEqual((await events())[0], [
      'webhook.created',
      ['event', 'url', 'name', 'store_id', 'headers'],
    ])
    const { id } = await createWebhook(server(), { url: url() })
    const bare = (await send('GET', `${PATH}/${id}`)).json
    assert.deepEqual(Object.keys(bare).sort(), ['event', 'headers', 'url', 'webhook_id'])
  })

  test('one event may go to several addresses, but not twice to one, however it is spelled', async () => {
    const address = url()
    const { id } = await createWebhook(server(), { url: address })
    await createWebhook(server(), { url: url() })
    await createWebhook(server(), { url: address, event: 'connection.updated' })
    for (const same of [
      address,
      address.toUpperCase().replace('/IN', '/in'),
      address.replace('.example/', '.example:443/'),
    ]) {
      const answer = await send('POST', PATH, { body: { event, url: same } })
      assert.equal(answer.status, 409)
      assert.deepEqual(told(answer), [['webhook_event_type_conflict', 'url']])
    }
    const other = await createWebhook(server(), { url: url() })
    assert.equal((await send('PUT', `${PATH}/${other.id}`, { body: { url: address } })).status, 409)
    assert.equal((await send('PUT', `${PATH}/${id}`, { body: { url: address } })).status, 204)
  })

  test('a change keeps what it is not told, null clears, and a masked header keeps its value', async () => {
    const receivers = openReceivers(server())
    const address = url()
    const created = await createWebhook(server(), {
      ...{ url: address, name: 'old', store_id: 7, event: 'connection.disconnected' },
      headers: [
        { key: 'x-kept', value: 'kept value' },
        { key: 'x-gone', value: 'gone value' },
      ],
    })
    const path = `${PATH}/${created.id}`
    const shown = async () => (await send('GET', path)).json
    const headers = [
      { key: 'X-Kept', value: '[secret]' },
      { key: 'x-new', value: 'new value' },
    ]
    assert.equal((await send('PUT', path, { body: { headers, name: null } })).status, 204)
    assert.deepEqual(await shown(), {
      ...{ webhook_id: created.id, url: address, event: 'connection.disconnected', store_id: 7 },
      headers: headers.map(({ key }) => ({ key, value: '[secret]' })),
    })
    assert.deepEqual((await events())[0], ['webhook.updated', ['name', 'headers']])
    const moved = url()
    const anew = [
      { key: 'X-Kept', value: 'kept value' },
      { key: 'x-new', value: 'new value' },
    ]
    assert.equal(
      (await send('PUT', path, { body: { url: moved, store_id: null, headers: anew } })).status,
      204,
    )
    const body = { ...connectBodies.ups, account_number: unique() }
    const { carrier_id } = (await send('POST', '/v1/connections/carriers/ups', { body })).json
    await send('DELETE', `/v1/carriers/${carrier_id}`)
    const worker = createDeliveries(server().ctx)
    while ((await worker.tick()) > 0);
    const [sent] = receivers.at(new URL(moved).host)
    assert.equal(sent?.headers['x-kept'], 'kept value')
    assert.equal(sent?.headers['x-new'], 'new value')
    assert.equal(sent?.headers['x-gone'], undefined)
    for (const empty of [null, '', []]) {
      assert.equal((await send('PUT', path, { body: { headers: anew } })).status, 204)
      assert.equal((await send('PUT', path, { body: { headers: empty } })).status, 204)
      assert.deepEqual((await shown()).headers, [])
    }
    const bad: [unknown, (string | undefined)[][]][] = [
      [{ url: null }, [['field_value_required', 'url']]],
      [{ url: '' }, [['field_value_required', 'url']]],
      [{ url: 'http://a.example/' }, [['invalid_field_value', 'url']]],
      [{ event: 'connection.updated' }, [['invalid_field_value', undefined]]],
    ]
    for (const [change, expected] of bad)
      assert.deepEqual(told(await send('PUT', path, { body: change })), expected)
  })

  test('a deleted webhook is gone with its deliveries, and nothing waits for it', async () => {
    const receivers = openReceivers(server())
    const address = url()
    const { id } = await createWebhook(server(), { url: address })
    await send('POST', '/v1/connections/carriers/ups', {
      body: { ...connectBodies.ups, account_number: unique() },
    })
    const answer = await send('DELETE', `${PATH}/${id}`)
    assert.deepEqual([answer.status, answer.text], [204, ''])
    for (const [method, path, body] of [
      ['GET', `${PATH}/${id}`],
      ['PUT', `${PATH}/${id}`, {}],
      ['DELETE', `${PATH}/${id}`],
      ['GET', `${PATH}/${id}/attempts`],
      ['POST', `${PATH}/${id}/replay`, { since: '2026-01-01' }],
      ['POST', `${PATH}/${id}/rotate_secret`],
      ['GET', `${PATH}/${ABSENT}`],
    ] as const) {
      const refused = await send(method, path, { body })
      assert.deepEqual([refused.status, told(refused)], [404, [['unspecified', 'webhook_id']]], path)
    }
    const malformed = await send('GET', `${PATH}/nonsense`)
    assert.deepEqual([malformed.status, told(malformed)], [404, [['invalid_identifier', 'webhook_id']]])
    const worker = createDeliveries(server().ctx)
    while ((await worker.tick()) > 0);
    assert.deepEqual(receivers.at(new URL(address).host), [])
    assert.deepEqual((await events())[0], ['webhook.deleted', []])
  })

  test('reading takes the scope read, and everything else admin', async () => {
    const { id } = await createWebhook(server(), { url: url() })
    const write = await server().newKey({ scopes: ['write'] })
    for (const path of [PATH, `${PATH}/${id}`, `${PATH}/${id}/attempts`])
      assert.equal((await send('GET', path, { key: write })).status, 200)
    for (const [method, path] of [
      ['POST', PATH],
      ['PUT', `${PATH}/${id}`],
      ['DELETE', `${PATH}/${id}`],
      ['POST', `${PATH}/${id}/replay`],
      ['POST', `${PATH}/${id}/rotate_secret`],
    ] as const)
      assert.equal((await send(method, path, { body: {}, key: write })).status, 403)
  })

  test('the sandbox has webhooks of its own', async () => {
    const sandbox = await server().newKey({ environment: 'sandbox' })
    const { id } = await createWebhook(server(), { url: url() }, sandbox)
    assert.equal((await send('GET', `${PATH}/${id}`)).status, 404)
    assert.equal((await send('GET', PATH, { key: sandbox })).json.length, 1)
    const body = { ...connectBodies.ups, account_number: unique() }
    await send('POST', '/v1/connections/carriers/ups', { body, key: sandbox })
    assert.equal((await attemptsOf(server(), id, sandbox)).total, 1)
  })
})

onEveryDatabase(
  'webhooks with settings of the operator’s',
  (server) => {
    test('http is allowed where the operator says so, and the limit counts each environment apart', async () => {
      await createWebhook(server(), { url: 'http://a.example/' })
      await createWebhook(server(), { url: 'http://b.example/' })
      const answer = await server().request('POST', PATH, { body: { event, url: 'https://c.example/' } })
      assert.equal(answer.status, 409)
      const sandbox = await server().newKey({ environment: 'sandbox' })
      await createWebhook(server(), { url: 'http://a.example/' }, sandbox)
    })
  },
  { env: { HAWSER_WEBHOOK_HTTP: 'true', HAWSER_WEBHOOK_LIMIT: '2' } },
)
