import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createChecks } from '../../src/health/checks.ts'
import { connectBodies } from '../support/connections/connect-bodies.ts'
import { unique } from '../support/unique.ts'
import { databases } from '../support/database/databases.ts'
import {
  connectChecked,
  openScheduledChecks,
  nextCheckAt,
  stateOf,
  runNextCheck,
  type CheckedConnection,
} from '../support/checks/scheduled-checks.ts'
import type { ScriptedOutcome } from '../support/checks/scripted-carriers.ts'
import { storedConnection } from '../support/connections/stored-connection.ts'
import { auditTrail } from '../support/audit/audit-events.ts'
import { DAY, HOUR, MINUTE } from '../support/clock.ts'

const path = '/v1/connections/carriers/canada_post'

for (const database of databases) {
  test(`${database}: what is due is checked, and what is not is left alone`, async (t) => {
    const scene = await openScheduledChecks(t, database)
    const { server, clock, carriers, worker } = scene
    const first = await connectChecked(server)
    clock.forward(12 * HOUR)
    const second = await connectChecked(server)
    assert.equal(await worker.tick(), 0, 'nothing is due yet')
    clock.forward(12 * HOUR + 2.5 * HOUR)
    assert.equal(await worker.tick(), 1)
    assert.deepEqual([carriers.of(first.account).length, carriers.of(second.account).length], [2, 1])
    const next = ((await nextCheckAt(server, first.id)) ?? 0) - clock.now().getTime()
    assert.ok(next >= 0.9 * DAY && next <= 1.1 * DAY, `${next / HOUR} hours`)
    assert.equal((await storedConnection(server, first.id)).row.checked_at, clock.now().toISOString())
    assert.equal(await worker.tick(), 0, 'it was checked once')
  })

  test(`${database}: a refused connection is not asked about again, until an update plans it anew`, async (t) => {
    const scene = await openScheduledChecks(t, database)
    const { server, clock, carriers, worker } = scene
    const watched = await connectChecked(server)
    carriers.say(watched.account, 'invalid_credentials')
    await runNextCheck(scene, watched)
    assert.equal(await stateOf(server, watched), 'needs_reauth')
    assert.equal(await nextCheckAt(server, watched.id), undefined)
    for (let day = 0; day < 5; day += 1) {
      clock.forward(DAY)
      assert.equal(await worker.tick(), 0)
    }
    assert.equal(carriers.of(watched.account).length, 2)
    carriers.say(watched.account, 'unavailable')
    const { account } = watched
    const body = {
      ...{ nickname: 'watched', api_key: account, api_secret: 'another secret' },
      ...{ account_number: account, contract_id: '1' },
    }
    const answer = await server.request('PUT', `${path}/${watched.id}`, { body })
    assert.equal(answer.status, 200, answer.text)
    assert.equal(await stateOf(server, watched), 'unverified')
    carriers.say(watched.account, 'verified')
    await runNextCheck(scene, watched)
    assert.equal(await stateOf(server, watched), 'verified')
  })

  test(`${database}: a plan that a refused connection should not have is dropped, and nobody is asked`, async (t) => {
    const { server, clock, carriers, worker } = await openScheduledChecks(t, database)
    const watched = await connectChecked(server)
    await server.ctx.store.transaction(server.tenantId, (tx) =>
      tx.updateTable('connection').set({ state: 'needs_reauth' }).execute(),
    )
    clock.forward(2 * DAY)
    assert.equal(await worker.tick(), 1)
    assert.equal(await nextCheckAt(server, watched.id), undefined)
    assert.equal(carriers.of(watched.account).length, 1)
  })

  test(`${database}: the plan of a connection that is deleted is gone`, async (t) => {
    const { server, clock, carriers, worker } = await openScheduledChecks(t, database)
    const watched = await connectChecked(server)
    assert.ok(await nextCheckAt(server, watched.id))
    await server.request('DELETE', `${path}/${watched.id}`)
    assert.equal(await nextCheckAt(server, watched.id), undefined)
    clock.forward(3 * DAY)
    assert.equal(await worker.tick(), 0)
    assert.equal(carriers.of(watched.account).length, 1)
  })

  test(`${database}: a connection that is deleted or updated while its carrier is asked keeps nothing of the answer`, async (t) => {
    const { server, clock, carriers, worker } = await openScheduledChecks(t, database)
    const [updated, deleted] = [await connectChecked(server), await connectChecked(server)]
    const body = {
      ...{ nickname: 'watched', api_key: updated.account, api_secret: 'another secret' },
      ...{ account_number: updated.account, contract_id: '1' },
    }
    const say = ({ account }: CheckedConnection, meanwhile: () => Promise<unknown>) =>
      carriers.say(account, async (): Promise<ScriptedOutcome> => {
        carriers.say(account, 'verified')
        await meanwhile()
        return 'invalid_credentials'
      })
    say(deleted, () => server.request('DELETE', `${path}/${deleted.id}`))
    say(updated, () => server.request('PUT', `${path}/${updated.id}`, { body }))
    clock.forward(26.5 * HOUR)
    assert.equal(await worker.tick(), 2)
    assert.equal(await stateOf(server, updated), 'verified')
    const next = ((await nextCheckAt(server, updated.id)) ?? 0) - clock.now().getTime()
    assert.ok(next >= 0.9 * DAY, 'what the update planned stands')
    assert.equal(await nextCheckAt(server, deleted.id), undefined)
    const trails = await Promise.all([deleted, updated].map(({ id }) => auditTrail(server, id)))
    assert.deepEqual(
      trails.map((events) => events.map(([action]) => action)),
      [
        ['connection.connected', 'connection.disconnected'],
        ['connection.connected', 'connection.updated'],
      ],
    )
  })

  test(`${database}: where verification is off nothing is checked, and all of it once it is on`, async (t) => {
    const { server, clock, carriers, worker } = await openScheduledChecks(t, database, {
      env: { HAWSER_VERIFICATION: 'off' },
    })
    const watched = await connectChecked(server)
    assert.equal(carriers.asked.length, 0)
    clock.forward(3 * DAY)
    assert.equal(await worker.tick(), 0)
    worker.start()
    await worker.stop(100)
    assert.equal(carriers.asked.length, 0)
    const config = { ...server.ctx.config, verification: 'best-effort' as const }
    assert.equal(await createChecks({ ...server.ctx, config }).tick(), 1)
    assert.equal(await stateOf(server, watched), 'verified')
  })

  test(`${database}: sandbox connections are checked against the simulator, and nobody outside is asked`, async (t) => {
    const { server, clock, carriers, worker } = await openScheduledChecks(t, database)
    const key = await server.newKey({ environment: 'sandbox' })
    const connected = async (secret: string) => {
      const watched = unique('account')
      const body = {
        nickname: 'n',
        api_key: watched,
        api_secret: secret,
        account_number: watched,
        contract_id: '1',
      }
      return (await server.request('POST', path, { key, body })).json.carrier_id as string
    }
    const ids = [await connected('a secret'), await connected('simulate-unavailable')]
    const states = () =>
      Promise.all(ids.map(async (id) => (await storedConnection(server, id, 'sandbox')).row.failed_checks))
    assert.deepEqual(await states(), [0, 1])
    clock.forward(26.5 * HOUR)
    assert.equal(await worker.tick(), 2)
    assert.deepEqual(await states(), [0, 2])
    assert.equal(carriers.asked.length, 0)
  })

  test(`${database}: where nobody can be asked, that is looked at once a day and not all the time`, async (t) => {
    const { server, clock, worker } = await openScheduledChecks(t, database)
    const { json } = await server.request('POST', '/v1/connections/carriers/ups', {
      body: { ...connectBodies.ups, account_number: unique() },
    })
    let looks = 0
    for (let minutes = 0; minutes < 5 * 1_440; minutes += 30) {
      clock.forward(30 * MINUTE)
      looks += await worker.tick()
    }
    assert.ok(looks >= 4 && looks <= 6, `${looks} looks`)
    assert.equal((await storedConnection(server, json.carrier_id)).row.state, 'unverified')
  })
}
