import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operator } from '../../src/tenants/operator.ts'
import { announce } from '../../src/webhooks/announce.ts'
import { events, type EventType } from '../../src/webhooks/events.ts'
import { connectBodies } from '../support/connections/connect-bodies.ts'
import { unique } from '../support/unique.ts'
import { onEveryDatabase } from '../support/server/every-database.ts'
import { newSecret, scannerFor } from '../support/leak-scanner.ts'
import { createWebhook } from '../support/webhooks/create-webhook.ts'
import { outbox } from '../support/webhooks/outbox.ts'
import { connect } from '../support/connections/connect.ts'

const BASE = 'https://hawser.example.com'

onEveryDatabase(
  'the outbox',
  (server) => {
    const request = (method: string, path: string, asked: { body?: object } = {}) =>
      server().request(method, path, asked)
    /** Returns the messages that `work` leaves in the outbox. */
    async function messagesOf(work: () => Promise<unknown>) {
      const known = new Set((await outbox(server())).map(({ message_id }) => message_id))
      await work()
      return (await outbox(server())).filter(({ message_id }) => !known.has(message_id))
    }
    const told = async (work: () => Promise<unknown>) =>
      (await messagesOf(work)).map(({ type, payload }) => [type, JSON.parse(payload)])

    test('stays empty while nobody wants a message', async () => {
      const id = await connect(server(), 'ups')
      await request('DELETE', `/v1/connections/carriers/ups/${id}`)
      assert.deepEqual(await outbox(server()), [])
    })

    test('a webhook is told only of the event it wants', async () => {
      const { id } = await createWebhook(server(), {
        event: 'connection.disconnected',
        url: 'https://a.example',
      })
      let carrierId = ''
      assert.deepEqual(await told(async () => void (carrierId = await connect(server(), 'ups'))), [])
      const [message] = await told(() => request('DELETE', `/v1/carriers/${carrierId}`))
      assert.equal(message?.[0], 'connection.disconnected')
      await request('DELETE', `/v1/environment/webhooks/${id}`)
    })

    test('refusals leave nothing, and a mutation leaves exactly one message however many webhooks want it', async () => {
      for (const event of Object.keys(events))
        for (const host of ['one', 'two'])
          await createWebhook(server(), { event, url: `https://${host}.example/` })
      const account_number = unique()
      const connect = { ...connectBodies.ups, account_number }
      const path = '/v1/connections/carriers/ups'
      let id = ''
      const connected = await messagesOf(async () => {
        id = (await request('POST', path, { body: connect })).json.carrier_id
      })
      assert.equal(connected.length, 1)
      const refused = await messagesOf(async () => {
        const statuses = [
          (await request('POST', path, { body: connect })).status,
          (await request('POST', path, { body: { nickname: 'x' } })).status,
          (await request('PUT', `${path}/${id}`, { body: { nickname: 7 } })).status,
          (await request('PUT', `${path}/${id}/settings`, { body: { pickup_type: 'never' } })).status,
          (await server().request('DELETE', `${path}/${id}`, { headers: { 'if-match': '"v9"' } })).status,
          (await request('DELETE', '/v1/connections/carriers/ups/se-0000000000000000')).status,
        ]
        assert.deepEqual(statuses, [409, 400, 400, 400, 412, 404])
      })
      assert.deepEqual(refused, [])
    })

    test('carrier_connected has the published shape', async () => {
      let id = ''
      const [message] = await told(async () => void (id = await connect(server(), 'ups')))
      assert.deepEqual(message, [
        'carrier_connected',
        {
          resource_url: `${BASE}/v1/carriers/${id}`,
          resource_type: 'API_CARRIER_CONNECTED',
          data: {
            carrier_id: id,
            carrier_code: 'ups',
            environment: 'production',
            version: 1,
            credentials_version: 1,
            connection_status: 'approved',
          },
        },
      ])
    })

    test('an LTL connection is named by its SCAC, and found where LTL carriers are', async () => {
      const body = { credentials: { key: unique(), account_number: '1' } }
      const [message] = await told(() => request('POST', '/v-beta/ltl/connections/FXFE', { body }))
      const { resource_url, data } = message?.[1]
      assert.equal(data.carrier_code, 'FXFE')
      assert.equal(resource_url, `${BASE}/v-beta/ltl/carriers/${data.carrier_id}`)
    })

    test('an update, a change of settings and a disconnect tell both versions and no value', async () => {
      const secret = newSecret()
      const id = await connect(server(), 'ups')
      const path = `/v1/connections/carriers/ups/${id}`
      const body = {
        ...{ nickname: secret, account_postal_code: '78702', account_country_code: 'US' },
        mail_innovations_customer_guid: secret,
      }
      const messages = await messagesOf(async () => {
        assert.equal((await request('PUT', path, { body })).status, 200)
        assert.equal(
          (await request('PUT', `${path}/settings`, { body: { pickup_type: 'daily_pickup' } })).status,
          204,
        )
        assert.equal((await request('DELETE', path)).status, 204)
      })
      const find = (type: EventType) => messages.filter((message) => message.type === type)
      const updates = find('connection.updated')
        .map(({ payload, created_at }) => ({ ...JSON.parse(payload), created_at }))
        .sort((a, b) => a.data.version - b.data.version)
      const [first, second] = updates.filter(({ data }) => data.carrier_id === id)
      assert.deepEqual(first, {
        type: 'connection.updated',
        timestamp: first.created_at,
        created_at: first.created_at,
        data: {
          carrier_id: id,
          carrier_code: 'ups',
          environment: 'production',
          version: 2,
          previous_version: 1,
          credentials_version: 2,
          connection_status: 'approved',
        },
      })
      assert.deepEqual([second.data.version, second.data.credentials_version], [3, 2])
      const [gone] = find('connection.disconnected')
      assert.equal(JSON.parse(gone?.payload ?? '{}').data.version, 3)
      const scanner = scannerFor([secret])
      for (const { payload } of messages) {
        assert.equal(scanner.scan(payload), undefined)
        assert.ok(Buffer.byteLength(payload) < 20_480)
      }
    })

    test('a primary mark that moves is told for both connections', async () => {
      const [first, second] = [await connect(server(), 'ups'), await connect(server(), 'ups')]
      const move = (id: string) =>
        request('PUT', `/v1/connections/carriers/ups/${id}/settings`, { body: { is_primary_account: true } })
      await move(first)
      const messages = await told(() => move(second))
      assert.deepEqual(messages.map(([, payload]) => payload.data.carrier_id).sort(), [first, second].sort())
    })

    test('a transition tells its state, and nothing is left of a transaction that fails', async () => {
      const carrierId = await connect(server(), 'ups')
      const { ctx, tenantId } = server()
      const actor = { ...operator('system'), tenantId }
      const details = { state: 'needs_reauth', previous_state: 'verified', since: '2026-01-01T00:00:00.000Z' }
      const say = (type: EventType, { fails = false } = {}) =>
        ctx.store.transaction(tenantId, async (tx) => {
          await announce(ctx, tx, actor, { type, carrierId, details })
          if (fails) throw new Error('no')
        })
      const types = ['connection.needs_reauth', 'connection.degraded', 'connection.recovered'] as const
      for (const type of types) {
        const [message] = await told(() => say(type))
        assert.equal(message?.[0], type)
        assert.deepEqual({ ...message?.[1].data, ...details }, message?.[1].data)
      }
      assert.deepEqual(await told(() => assert.rejects(say('connection.degraded', { fails: true }))), [])
      const missing = ctx.store.transaction(tenantId, (tx) =>
        announce(ctx, tx, actor, { type: 'connection.degraded', carrierId: 'se-0' }),
      )
      await assert.rejects(missing, /not there/)
    })

    test('a sandbox connection is told to the sandbox’s webhooks only', async () => {
      const key = await server().newKey({ environment: 'sandbox' })
      const body = { ...connectBodies.ups, account_number: unique() }
      const connect = () => server().request('POST', '/v1/connections/carriers/ups', { key, body })
      assert.deepEqual(await told(connect), [])
      assert.deepEqual(await outbox(server(), 'sandbox'), [])
    })
  },
  { env: { HAWSER_PUBLIC_URL: `${BASE}/` } },
)
