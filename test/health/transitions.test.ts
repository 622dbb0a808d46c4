import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REFUSALS_COUNT_MS } from '../../src/connections/limit-attempts.ts'
import { databases, type House } from '../support/harness.ts'
import {
  connect,
  openScene,
  planned,
  stateOf,
  told,
  toNextCheck,
  type Says,
  type Watched,
} from '../support/scheduled.ts'
import { stored } from '../support/stored.ts'
import { unique } from '../support/bodies.ts'
import { createWebhook, DAY, HOUR, MINUTE } from '../support/webhooks.ts'

const EVENTS = ['connection.degraded', 'connection.recovered', 'connection.needs_reauth']

const subscribe = async (house: House) => {
  for (const event of EVENTS) await createWebhook(house, { event, url: 'https://hooks.example/' })
}
const events = async (house: House, { id }: Watched): Promise<string[]> =>
  (await house.request('GET', `/v1/audit?page_size=500&carrier_id=${id}`)).json.events
    .map(({ actor, action, outcome }: Record<string, string>) => `${actor} ${action} ${outcome}`)
    .reverse()
    .slice(1)

const CHECKED = 'system connection.checked succeeded'

for (const database of databases) {
  test(`${database}: one audit event and one message for each transition, and none between them`, async (t) => {
    const scene = await openScene(t, database)
    const { house, carriers, clock } = scene
    await subscribe(house)
    const watched = await connect(house)
    const steps: [Says, string, string[]][] = [
      ['verified', 'verified', []],
      ['unavailable', 'verified', []],
      ['rate_limited', 'verified', []],
      ['unavailable', 'degraded', ['connection.degraded']],
      ['unavailable', 'degraded', []],
      ['inconclusive', 'degraded', []],
      ['verified', 'verified', ['connection.recovered']],
      ['not_entitled', 'action_required', ['connection.needs_reauth']],
      ['not_entitled', 'action_required', []],
      ['unavailable', 'action_required', []],
      ['verified', 'verified', ['connection.recovered']],
      ['invalid_credentials', 'needs_reauth', ['connection.needs_reauth']],
    ]
    const [messages, expected] = [[] as string[], [] as string[]]
    for (const [says, state, types] of steps) {
      carriers.say(watched.account, says)
      clock.forward(1)
      await toNextCheck(scene, watched)
      expected.push(...types)
      messages.splice(0, messages.length, ...(await told(house)))
      assert.equal(await stateOf(house, watched), state, says)
      assert.deepEqual(messages, expected, says)
    }
    assert.deepEqual(await events(house, watched), Array(5).fill(CHECKED))
    const { text } = await house.request('GET', '/v1/audit?page_size=500')
    assert.ok(!text.includes('a secret') && !house.logs.join('').includes('a secret'))
  })

  test(`${database}: an outage of a week ends in degraded, and is asked about less and less often`, async (t) => {
    const scene = await openScene(t, database)
    const { house, carriers, clock } = scene
    await subscribe(house)
    const watched = await connect(house)
    carriers.say(watched.account, 'unavailable')
    const began = clock.now().getTime()
    while (clock.now().getTime() < began + 7 * DAY) {
      await toNextCheck(scene, watched)
      assert.ok(['verified', 'degraded'].includes(await stateOf(house, watched)))
    }
    const asked = carriers.of(watched.account).length
    assert.ok(asked <= 1 + 8 + (7 * 24) / (0.9 * 6) && asked >= 20, `${asked} times`)
    carriers.say(watched.account, 'verified')
    await toNextCheck(scene, watched)
    assert.equal(await stateOf(house, watched), 'verified')
    assert.deepEqual(await told(house), ['connection.degraded', 'connection.recovered'])
  })

  test(`${database}: a connection that comes and goes is told once an hour at most, however often it is looked at`, async (t) => {
    const { house, carriers, clock } = await openScene(t, database)
    await subscribe(house)
    const watched = await connect(house)
    const changes: { at: number; state: string }[] = []
    let state = 'verified'
    for (let minute = 0; minute < 3 * 60; minute += 1) {
      clock.forward(MINUTE)
      carriers.say(watched.account, minute % 5 === 4 ? 'verified' : 'unavailable')
      await house.request('POST', `/v1/connections/carriers/canada_post/${watched.id}/verify`)
      const now = await stateOf(house, watched)
      if (now !== state) changes.push({ at: minute, state: now })
      state = now
    }
    const degraded = changes.filter((change) => change.state === 'degraded').map(({ at }) => at)
    assert.ok(degraded.length >= 2 && degraded.length <= 3, `${degraded.length} times`)
    degraded.slice(1).forEach((at, index) => assert.ok(at - (degraded[index] ?? 0) >= 60))
    assert.equal((await told(house)).length, changes.length)
  })

  test(`${database}: a login that is refused too often is left alone, and its connections that nobody has proved keep their state`, async (t) => {
    const scene = await openScene(t, database)
    const { house, carriers, clock, worker } = scene
    const account = unique('account')
    carriers.say(account, 'inconclusive')
    const watched = await connect(house, 'canada_post', { account })
    clock.forward(26.5 * HOUR)
    carriers.say(account, 'invalid_credentials')
    const body = {
      nickname: 'n',
      api_key: account,
      api_secret: 'x',
      account_number: account,
      contract_id: '1',
    }
    const put = () => house.request('PUT', `/v1/connections/carriers/canada_post/${watched.id}`, { body })
    for (let wrong = 0; wrong < 3; wrong += 1) assert.equal((await put()).status, 400)
    const [asked, before] = [carriers.of(account).length, (await stored(house, watched.id)).row]
    assert.equal(await worker.tick(), 1)
    assert.equal(carriers.of(account).length, asked, 'nobody was asked')
    assert.deepEqual((await stored(house, watched.id)).row, before)
    const wait = ((await planned(house, watched.id)) ?? 0) - clock.now().getTime()
    assert.ok(wait >= REFUSALS_COUNT_MS && wait <= 1.1 * REFUSALS_COUNT_MS, `${wait / MINUTE} minutes`)
    carriers.say(account, 'verified')
    await toNextCheck(scene, watched)
    assert.equal(await stateOf(house, watched), 'verified')
    assert.equal(carriers.of(account).length, asked + 1)
  })

  test(`${database}: what cannot be opened is put on record once a day, and others are checked meanwhile`, async (t) => {
    const { house, carriers, clock, worker } = await openScene(t, database)
    const watched = await Promise.all([1, 2, 3, 4].map(() => connect(house)))
    const [altered, ...others] = watched as [Watched, ...Watched[]]
    await house.ctx.store.transaction(house.tenantId, (tx) =>
      tx
        .updateTable('connection')
        .set({ credentials: Buffer.alloc(200, 1) })
        .where('carrier_id', '=', altered.id)
        .execute(),
    )
    for (let hour = 0; hour < 5 * 24; hour += 4) {
      clock.forward(4 * HOUR)
      while ((await worker.tick()) > 0);
    }
    const found = await events(house, altered)
    assert.ok(found.length >= 4 && found.length <= 5, `${found.length} times`)
    assert.deepEqual([...new Set(found)], ['system integrity.violation refused'])
    assert.equal(carriers.of(altered.account).length, 1)
    for (const other of others) {
      const { length } = carriers.of(other.account)
      assert.ok(length >= 5 && length <= 6, `${length} times`)
    }
  })
}
