import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDeliveries } from '../../../src/webhooks/deliver.ts'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { openTestServer } from '../../support/server/test-server.ts'
import { newSecret, scannerFor } from '../../support/leak-scanner.ts'
import { createWebhook } from '../../support/webhooks/create-webhook.ts'
import { openReceivers } from '../../support/webhooks/receivers.ts'

const PATH = '/v1/environment/webhooks'
const event = 'carrier_connected'

onEveryDatabase('what a webhook keeps to itself', (server) => {
  test('stands nowhere in clear: not in answers, not in the log, not in the database, and not in what others are sent', async () => {
    const value = newSecret()
    const receivers = openReceivers(server())
    const answers: string[] = []
    const created = await server().request('POST', PATH, {
      body: { event, url: 'https://a.example/', headers: [{ key: 'x-key', value }] },
    })
    answers.push(created.text)
    const rotate = `${PATH}/${created.json.webhook_id}/rotate_secret`
    const rotated = await server().request('POST', rotate)
    answers.push(rotated.text)
    const secrets = [created, rotated].map(({ headers }) => String(headers['hawser-webhook-secret']).slice(6))
    assert.equal(new Set(secrets).size, 2)
    await createWebhook(server(), { url: 'https://b.example/' })
    receivers.script('a.example', (request) => {
      throw new Error(`no way to ${JSON.stringify(request)}`)
    })
    const body = { ...connectBodies.ups, account_number: unique() }
    answers.push((await server().request('POST', '/v1/connections/carriers/ups', { body })).text)
    const worker = createDeliveries(server().ctx)
    await worker.tick()
    assert.equal(receivers.at('a.example')[0]?.headers['x-key'], value, 'control: it was sent')
    for (const path of [PATH, `${PATH}/${created.json.webhook_id}`, '/v1/audit'])
      answers.push((await server().request('GET', path)).text)
    const scanner = scannerFor([value, ...secrets])
    const elsewhere = JSON.stringify(receivers.at('b.example'))
    for (const text of [...answers, ...server().logs, elsewhere]) assert.equal(scanner.scan(text), undefined)
    assert.ok(
      server().logs.some((line) => line.includes('webhook not delivered')),
      'control: it was logged',
    )
    const { ctx, tenantId } = server()
    const rows = await ctx.store.read(tenantId, (db) =>
      db.selectFrom('webhook_endpoint').selectAll().execute(),
    )
    for (const row of rows)
      for (const column of Object.values(row))
        assert.equal(
          scanner.scan(column instanceof Uint8Array ? Buffer.from(column) : String(column)),
          undefined,
        )
  })

  test('is not used when it was moved from another webhook, and that is put on record', async () => {
    const fresh = await openTestServer(server().database)
    try {
      const receivers = openReceivers(fresh)
      const a = await createWebhook(fresh, { url: 'https://a.example/' })
      const b = await createWebhook(fresh, { url: 'https://b.example/' })
      await fresh.ctx.store.transaction(fresh.tenantId, async (tx) => {
        const { sealed } = await tx
          .selectFrom('webhook_endpoint')
          .select('sealed')
          .where('webhook_id', '=', b.id)
          .executeTakeFirstOrThrow()
        await tx.updateTable('webhook_endpoint').set({ sealed }).where('webhook_id', '=', a.id).execute()
      })
      const body = { ...connectBodies.ups, account_number: unique() }
      await fresh.request('POST', '/v1/connections/carriers/ups', { body })
      await createDeliveries(fresh.ctx).tick()
      assert.deepEqual(
        receivers.seen.map(({ url }) => url),
        ['https://b.example/'],
      )
      const { events } = (await fresh.request('GET', '/v1/audit')).json
      assert.equal(
        events.filter(({ action }: { action: string }) => action === 'integrity.violation').length,
        1,
      )
      const change = { headers: [{ key: 'x-a', value: 'v' }] }
      assert.equal((await fresh.request('PUT', `${PATH}/${a.id}`, { body: change })).status, 500)
    } finally {
      await fresh.close()
    }
  })
})
