import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createChecks } from '../../src/health/checks.ts'
import { createDeliveries } from '../../src/webhooks/deliver.ts'
import { databases, type House } from '../support/harness.ts'
import { connect, openScene, until, type Scene, type Watched } from '../support/scheduled.ts'
import { attemptsOf, createWebhook, DAY, HOUR, MINUTE, receive } from '../support/webhooks.ts'

const ACCOUNTS = '/v1/partners/accounts'

/** An account of a partner with a key of its own, and how the partner enables and disables it. */
async function openAccount(house: House) {
  const partner = await house.newKey({ tenantId: await house.newTenant('a partner'), scopes: ['partner'] })
  const body = { company_name: 'A merchant', origin_country_code: 'US' }
  const { json } = await house.request('POST', ACCOUNTS, { key: partner, body })
  const set = async (verb: 'enable' | 'disable') => {
    const answer = await house.request('PUT', `${ACCOUNTS}/${json.account_id}/${verb}`, { key: partner })
    assert.equal(answer.status, 204)
  }
  const tenantId: string = json.account_id
  return { tenantId, key: await house.newKey({ tenantId }), set }
}

/** When the connections of a tenant are to be looked at, in hours from now. */
async function plannedHours({ house, clock }: Scene, tenantId: string): Promise<number[]> {
  const rows = await house.ctx.store.read(tenantId, (db) =>
    db.selectFrom('scheduled_check').select('due_at').where('tenant_id', '=', tenantId).execute(),
  )
  return rows.map(({ due_at }) => (Date.parse(due_at) - clock.now().getTime()) / HOUR).sort((a, b) => a - b)
}

const turns = (house: House) =>
  house.ctx.store.read(house.tenantId, (db) => db.selectFrom('check_turn').selectAll().execute())

for (const database of databases) {
  test(`${database}: nobody asks about the connections of a disabled account, and all of them are checked within a day of its being enabled, one here and one there`, async (t) => {
    const scene = await openScene(t, database)
    const { house, clock, carriers, worker } = scene
    const account = await openAccount(house)
    const resting: Watched[] = []
    for (let one = 0; one < 6; one += 1)
      resting.push(await connect(house, 'canada_post', { key: account.key }))
    const other = await connect(house)
    const askedAbout = (watched: readonly Watched[]) =>
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
    const scene = await openScene(t, database, { rehearse: false })
    const { house, clock, carriers } = scene
    const account = await openAccount(house)
    for (let one = 0; one < 40; one += 1) await connect(house, 'canada_post', { key: account.key })
    const other = await connect(house)
    await account.set('disable')
    clock.forward(2 * DAY)
    // The last of them all, behind more than one look takes.
    await house.ctx.store.transaction(house.tenantId, (tx) =>
      tx
        .updateTable('scheduled_check')
        .set({ due_at: clock.now().toISOString() })
        .where('carrier_id', '=', other.id)
        .execute(),
    )
    const worker = createChecks(house.ctx, { random: () => 0.999 })
    t.after(() => worker.stop(1_000))
    const began = performance.now()
    worker.start()
    await until(() => carriers.of(other.account).length === 2)
    assert.ok(performance.now() - began < 7_000, 'a look at others begins at once, and not after a rest')
    await worker.stop(1_000)
    assert.equal((await turns(house)).length, 1)
    const hours = await plannedHours(scene, account.tenantId)
    assert.equal(hours.length, 40)
    const [first = 0, last = 0] = [hours[0], hours.at(-1)]
    assert.ok(first >= 0.9 * 24 && last <= 1.1 * 24, `${first} to ${last} hours`)
    assert.ok(last - first > 2, 'they do not come together')
  })

  test(`${database}: what waits for the webhooks of a disabled account is delivered once it is enabled, and no attempt is counted before`, async (t) => {
    const { house, clock } = await openScene(t, database)
    const [receivers, worker] = [receive(house), createDeliveries(house.ctx)]
    const account = await openAccount(house)
    const { id } = await createWebhook(house, { url: 'https://rest.example/' }, account.key)
    await createWebhook(house, { url: 'https://other.example/' })
    await connect(house, 'canada_post', { key: account.key })
    await account.set('disable')
    for (let hour = 0; hour < 48; hour += 1) {
      while ((await worker.tick()) > 0);
      clock.forward(HOUR)
    }
    assert.equal(receivers.at('rest.example').length, 0)
    await connect(house)
    assert.equal(await worker.tick(), 1, 'the control: others are delivered to')
    await account.set('enable')
    clock.forward(15 * MINUTE)
    assert.equal(await worker.tick(), 1)
    assert.equal(receivers.at('rest.example').length, 1)
    const { attempts, disabled_at } = await attemptsOf(house, id, account.key)
    assert.deepEqual([attempts[0].state, attempts[0].attempts, disabled_at], ['delivered', 1, null])
  })
}
