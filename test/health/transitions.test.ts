import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REFUSALS_COUNT_MS } from '../../src/connections/carrier/limit-attempts.ts'
import { databases } from '../support/database/databases.ts'
import type { TestServer } from '../support/server/test-server.ts'
import {
  connectChecked,
  openScheduledChecks,
  nextCheckAt,
  stateOf,
  announcedTypes,
  runNextCheck,
  type CheckedConnection,
} from '../support/checks/scheduled-checks.ts'
import type { ScriptedOutcome } from '../support/checks/scripted-carriers.ts'
import { storedConnection } from '../support/connections/stored-connection.ts'
import { unique } from '../support/unique.ts'
import { createWebhook } from '../support/webhooks/create-webhook.ts'
import { DAY, HOUR, MINUTE } from '../support/clock.ts'

const EVENTS = ['connection.degraded', 'connection.recovered', 'connection.needs_reauth']

const subscribe = async (server: TestServer) => {
  for (const event of EVENTS) await createWebhook(server, { event, url: 'https://hooks.example/' })
}
const events = async (server: TestServer, { id }: CheckedConnection): Promise<string[]> =>
  (await server.request('GET', `/v1/audit?page_size=500&carrier_id=${id}`)).json.events
    .map(({ actor, action, outcome }: Record<string, string>) => `${actor} ${action} ${outcome}`)
    .reverse()
    .slice(1)

const CHECKED = 'system connection.checked succeeded'

for (const database of databases) {
  test(`${database}: one audit event and one message for each transition, and none between them`, async (t) => {
    const scene = await openScheduledChecks(t, database)
    const { server, carriers, clock } = scene
    await subscribe(server)
    const watched = await connectChecked(server)
    const steps: [ScriptedOutcome, string, string[]][] = [
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
      await runNextCheck(scene, watched)
      expected.push(...types)
      messages.splice(0, messages.length, ...(await announcedTypes(server)))
      assert.equal(await stateOf(server, watched), state, says)
      assert.deepEqual(messages, expected, says)
    }
    assert.deepEqual(await events(server, watched), Array(5).fill(CHECKED))
    const { text } = await server.request('GET', '/v1/audit?page_size=500')
    assert.ok(!text.includes('a secret') && !server.logs.join('').includes('a secret'))
  })

  test(`${database}: an outage of a week ends in degraded, and is asked about less and less often`, async (t) => {
    const scene = await openScheduledChecks(t, database)
    const { server, carriers, clock } = scene
    await subscribe(server)
    const watched = await connectChecked(server)
    carriers.say(watched.account, 'unavailable')
    const began = clock.now().getTime()
    while (clock.now().getTime() < began + 7 * DAY) {
      await runNextCheck(scene, watched)
      assert.ok(['verified', 'degraded'].includes(await stateOf(server, watched)))
    }
    const asked = carriers.of(watched.account).length
    assert.ok(asked <= 1 + 8 + (7 * 24) / (0.9 * 6) && asked >= 20, `${asked} times`)
    carriers.say(watched.account, 'verified')
    await runNextCheck(scene, watched)
    assert.equal(await stateOf(server, watched), 'verified')
    assert.deepEqual(await announcedTypes(server), ['connection.degraded', 'connection.recovered'])
  })

  test(`${database}: a connection that comes and goes is told once an hour at most, however often it is looked at`, async (t) => {
    const { server, carriers, clock } = await openScheduledChecks(t, database)
    await subscribe(server)
    const watched = await connectChecked(server)
    const changes: { at: number; state: string }[] = []
    let state = 'verified'
    for (let minute = 0; minute < 3 * 60; minute += 1) {
      clock.forward(MINUTE)
      carriers.say(watched.account, minute % 5 === 4 ? 'verified' : 'unavailable')
      await server.request('POST', `/v1/connections/carriers/canada_post/${watched.id}/verify`)
      const now = await stateOf(server, watched)
      if (now !== state) changes.push({ at: minute, state: now })
      state = now
    }
    const degraded = changes.filter((change) => change.state === 'degraded').map(({ at }) => at)
    assert.ok(degraded.length >= 2 && degraded.length <= 3, `${degraded.length} times`)
    degraded.slice(1).forEach((at, index) => assert.ok(at - (degraded[index] ?? 0) >= 60))
    assert.equal((await announcedTypes(server)).length, changes.length)
  })

  test(`${database}: a login that is refused too often is left alone, and its connections that were never verified keep their state`, async (t) => {
    const scene = await openScheduledChecks(t, database)
    const { server, carriers, clock, worker } = scene
    const account = unique('account')
    carriers.say(account, 'inconclusive')
    const watched = await connectChecked(server, 'canada_post', { account })
    clock.forward(26.5 * HOUR)
    carriers.say(account, 'invalid_credentials')
    const body = {
      nickname: 'n',
      api_key: account,
      api_secret: 'x',
      account_number: account,
      contract_id: '1',
    }
    const put = () => server.request('PUT', `/v1/connections/carriers/canada_post/${watched.id}`, { body })
    for (let wrong = 0; wrong < 3; wrong += 1) assert.equal((await put()).status, 400)
    const [asked, before] = [carriers.of(account).length, (await storedConnection(server, watched.id)).row]
    assert.equal(await worker.tick(), 1)
    assert.equal(carriers.of(account).length, asked, 'nobody was asked')
    assert.deepEqual((await storedConnection(server, watched.id)).row, before)
    const wait = ((await nextCheckAt(server, watched.id)) ?? 0) - clock.now().getTime()
    assert.ok(wait >= REFUSALS_COUNT_MS && wait <= 1.1 * REFUSALS_COUNT_MS, `${wait / MINUTE} minutes`)
    carriers.say(account, 'verified')
    await runNextCheck(scene, watched)
    assert.equal(await stateOf(server, watched), 'verified')
    assert.equal(carriers.of(account).length, asked + 1)
  })

  test(`${database}: what cannot be opened is put on record once a day, and others are checked meanwhile`, async (t) => {
    const { server, carriers, clock, worker } = await openScheduledChecks(t, database)
    const watched = await Promise.all([1, 2, 3, 4].map(() => connectChecked(server)))
    const [altered, ...others] = watched as [CheckedConnection, ...CheckedConnection[]]
    await server.ctx.store.transaction(server.tenantId, (tx) =>
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
    const found = await events(server, altered)
    assert.ok(found.length >= 4 && found.length <= 5, `${found.length} times`)
    assert.deepEqual([...new Set(found)], ['system integrity.violation refused'])
    assert.equal(carriers.of(altered.account).length, 1)
    for (const other of others) {
      const { length } = carriers.of(other.account)
      assert.ok(length >= 5 && length <= 6, `${length} times`)
    }
  })
}
