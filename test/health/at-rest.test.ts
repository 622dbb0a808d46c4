import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createChecks } from '../../src/health/checks.ts'
import { createDeliveries } from '../../src/webhooks/deliver.ts'
import { databases } from '../support/database/databases.ts'
import type { TestServer } from '../support/server/test-server.ts'
import {
  connectChecked,
  openScheduledChecks,
  waitUntil,
  type ScheduledChecks,
  type CheckedConnection,
} from '../support/checks/scheduled-checks.ts'
import { attemptsOf } from '../support/webhooks/outbox.ts'
import { createWebhook } from '../support/webhooks/create-webhook.ts'
import { DAY, HOUR, MINUTE } from '../support/clock.ts'
import { openReceivers } from '../support/webhooks/receivers.ts'

const ACCOUNTS = '/v1/partners/accounts'

/** Makes an account of a partner with its own key, and the functions with which the partner enables and disables it. */
async function openAccount(server: TestServer) {
  const partner = await server.newKey({ tenantId: await server.newTenant('a partner'), scopes: ['partner'] })
  const body = { company_name: 'A merchant', origin_country_code: 'US' }
  const { json } = await server.request('POST', ACCOUNTS, { key: partner, body })
  const set = async (verb: 'enable' | 'disable') => {
    const answer = await server.request('PUT', `${ACCOUNTS}/${json.account_id}/${verb}`, { key: partner })
    assert.equal(answer.status, 204)
  }
  const tenantId: string = json.account_id
  return { tenantId, key: await server.newKey({ tenantId }), set }
}

/** Reads when the connections of a tenant are due, in hours from now. */
async function plannedHours({ server, clock }: ScheduledChecks, tenantId: string): Promise<number[]> {
  const rows = await server.ctx.store.read(tenantId, (db) =>
    db.selectFrom('scheduled_check').select('due_at').where('tenant_id', '=', tenantId).execute(),
  )
  return rows.map(({ due_at }) => (Date.parse(due_at) - clock.now().getTime()) / HOUR).sort((a, b) => a - b)
}

const turns = (server: TestServer) =>
  server.ctx.store.read(server.tenantId, (db) => db.selectFrom('check_turn').selectAll().execute())

for (const database of databases) {
  test(`${database}: nobody asks about the connections of a disabled account, and all of them are checked within a day of its being enabled, one here and one there`, async (t) => {
    const scene = await openScheduledChecks(t, database)
    const { server, clock, carriers, worker } = scene
    const account = await openAccount(server)
    const resting: CheckedConnection[] = []
    for (let one = 0; one < 6; one += 1)
      resting.push(await connectChecked(server, 'canada_post', { key: account.key }))
    const other = await connectChecked(server)
    const askedAbout = (watched: readonly CheckedConnection[]) =>
      watched.map(({ account: name }) => carriers.of(name).length)
    await account.set('disable')
    for (let hour = 0; hour < 5 * 24; hour += 2) {
      clock.forward(2 * HOUR)
      while ((await worker.tick()) > 0);
    }
    assert.deepEqual(askedAbout(resting), Array(6).fill(1), 'the connects, and nothing after them')
    assert.ok(carriers.of(other.account).length >= 5, 'the control: others are checked')
    const waiting = await plannedHours(scene, account.tenantId)
    assert.equal(waiting.length, 6, 'every plan is kept')
    await account.set('enable')
    const times = new Set<number>()
    for (let minute = 0; minute < 27 * 60; minute += 10) {
      clock.forward(10 * MINUTE)
      if ((await worker.tick()) > 0)
        for (const { at } of carriers.asked.filter(({ account: name }) =>
          resting.some((one) => one.account === name),
        ))
          times.add(at)
    }
    for (const count of askedAbout(resting)) assert.ok(count >= 2 && count <= 3, `${count} times`)
    assert.ok(times.size >= 4, `at ${times.size} times`)
  })

  test(`${database}: a crowd of a disabled account spends no budget, and stands in nobody's way`, async (t) => {
    const scene = await openScheduledChecks(t, database, { rehearse: false })
    const { server, clock, carriers } = scene
    const account = await openAccount(server)
    for (let one = 0; one < 40; one += 1) await connectChecked(server, 'canada_post', { key: account.key })
    const other = await connectChecked(server)
    await account.set('disable')
    clock.forward(2 * DAY)
    // The check of this connection is the last of all, and so many stand before it that one look of the worker does not reach it.
    await server.ctx.store.transaction(server.tenantId, (tx) =>
      tx
        .updateTable('scheduled_check')
        .set({ due_at: clock.now().toISOString() })
        .where('carrier_id', '=', other.id)
        .execute(),
    )
    const worker = createChecks(server.ctx, { random: () => 0.999 })
    t.after(() => worker.stop(1_000))
    const began = performance.now()
    worker.start()
    await waitUntil(() => carriers.of(other.account).length === 2)
    assert.ok(performance.now() - began < 7_000, 'a look at others begins at once, and not after a rest')
    await worker.stop(1_000)
    assert.equal((await turns(server)).length, 1)
    const hours = await plannedHours(scene, account.tenantId)
    assert.equal(hours.length, 40)
    const [first = 0, last = 0] = [hours[0], hours.at(-1)]
    assert.ok(first >= 0.9 * 24 && last <= 1.1 * 24, `${first} to ${last} hours`)
    assert.ok(last - first > 2, 'they do not come together')
  })

  test(`${database}: what waits for the webhooks of a disabled account is delivered once it is enabled, and no attempt is counted before`, async (t) => {
    const { server, clock } = await openScheduledChecks(t, database)
    const [receivers, worker] = [openReceivers(server), createDeliveries(server.ctx)]
    const account = await openAccount(server)
    const { id } = await createWebhook(server, { url: 'https://rest.example/' }, account.key)
    await createWebhook(server, { url: 'https://other.example/' })
    await connectChecked(server, 'canada_post', { key: account.key })
    await account.set('disable')
    for (let hour = 0; hour < 48; hour += 1) {
      while ((await worker.tick()) > 0);
      clock.forward(HOUR)
    }
    assert.equal(receivers.at('rest.example').length, 0)
    await connectChecked(server)
    assert.equal(await worker.tick(), 1, 'the control: others are delivered to')
    await account.set('enable')
    clock.forward(15 * MINUTE)
    assert.equal(await worker.tick(), 1)
    assert.equal(receivers.at('rest.example').length, 1)
    const { attempts, disabled_at } = await attemptsOf(server, id, account.key)
    assert.deepEqual([attempts[0].state, attempts[0].attempts, disabled_at], ['delivered', 1, null])
  })
}
