import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createChecks } from '../../src/health/checks.ts'
import { connectBodies, unique } from '../support/bodies.ts'
import { databases } from '../support/harness.ts'
import {
  connect,
  openScene,
  planned,
  stateOf,
  toNextCheck,
  type Says,
  type Watched,
} from '../support/scheduled.ts'
import { stored, trail } from '../support/stored.ts'
import { DAY, HOUR, MINUTE } from '../support/webhooks.ts'

const path = '/v1/connections/carriers/canada_post'

for (const database of databases) {
  test(`${database}: what is due is checked, and what is not is left alone`, async (t) => {
    const scene = await openScene(t, database)
    const { house, clock, carriers, worker } = scene
    const first = await connect(house)
    clock.forward(12 * HOUR)
    const second = await connect(house)
    assert.equal(await worker.tick(), 0, 'nothing is due yet')
    clock.forward(12 * HOUR + 2.5 * HOUR)
    assert.equal(await worker.tick(), 1)
    assert.deepEqual([carriers.of(first.account).length, carriers.of(second.account).length], [2, 1])
    const next = ((await planned(house, first.id)) ?? 0) - clock.now().getTime()
    assert.ok(next >= 0.9 * DAY && next <= 1.1 * DAY, `${next / HOUR} hours`)
    assert.equal((await stored(house, first.id)).row.checked_at, clock.now().toISOString())
    assert.equal(await worker.tick(), 0, 'it was checked once')
  })

  test(`${database}: a refused connection is not asked about again, until an update plans it anew`, async (t) => {
    const scene = await openScene(t, database)
    const { house, clock, carriers, worker } = scene
    const watched = await connect(house)
    carriers.say(watched.account, 'invalid_credentials')
    await toNextCheck(scene, watched)
    assert.equal(await stateOf(house, watched), 'needs_reauth')
    assert.equal(await planned(house, watched.id), undefined)
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
    const answer = await house.request('PUT', `${path}/${watched.id}`, { body })
    assert.equal(answer.status, 200, answer.text)
    assert.equal(await stateOf(house, watched), 'unverified')
    carriers.say(watched.account, 'verified')
    await toNextCheck(scene, watched)
    assert.equal(await stateOf(house, watched), 'verified')
  })

  test(`${database}: a plan that a refused connection should not have is dropped, and nobody is asked`, async (t) => {
    const { house, clock, carriers, worker } = await openScene(t, database)
    const watched = await connect(house)
    await house.ctx.store.transaction(house.tenantId, (tx) =>
      tx.updateTable('connection').set({ state: 'needs_reauth' }).execute(),
    )
    clock.forward(2 * DAY)
    assert.equal(await worker.tick(), 1)
    assert.equal(await planned(house, watched.id), undefined)
    assert.equal(carriers.of(watched.account).length, 1)
  })

  test(`${database}: the plan of a connection that is deleted is gone`, async (t) => {
    const { house, clock, carriers, worker } = await openScene(t, database)
    const watched = await connect(house)
    assert.ok(await planned(house, watched.id))
    await house.request('DELETE', `${path}/${watched.id}`)
    assert.equal(await planned(house, watched.id), undefined)
    clock.forward(3 * DAY)
    assert.equal(await worker.tick(), 0)
    assert.equal(carriers.of(watched.account).length, 1)
  })

  test(`${database}: a connection that is deleted or updated while its carrier is asked keeps nothing of the answer`, async (t) => {
    const { house, clock, carriers, worker } = await openScene(t, database)
    const [updated, deleted] = [await connect(house), await connect(house)]
    const body = {
      ...{ nickname: 'watched', api_key: updated.account, api_secret: 'another secret' },
      ...{ account_number: updated.account, contract_id: '1' },
    }
    const say = ({ account }: Watched, meanwhile: () => Promise<unknown>) =>
      carriers.say(account, async (): Promise<Says> => {
        carriers.say(account, 'verified')
        await meanwhile()
        return 'invalid_credentials'
      })
    say(deleted, () => house.request('DELETE', `${path}/${deleted.id}`))
    say(updated, () => house.request('PUT', `${path}/${updated.id}`, { body }))
    clock.forward(26.5 * HOUR)
    assert.equal(await worker.tick(), 2)
    assert.equal(await stateOf(house, updated), 'verified')
    const next = ((await planned(house, updated.id)) ?? 0) - clock.now().getTime()
    assert.ok(next >= 0.9 * DAY, 'what the update planned stands')
    assert.equal(await planned(house, deleted.id), undefined)
    const trails = await Promise.all([deleted, updated].map(({ id }) => trail(house, id)))
    assert.deepEqual(
      trails.map((events) => events.map(([action]) => action)),
      [
        ['connection.connected', 'connection.disconnected'],
        ['connection.connected', 'connection.updated'],
      ],
    )
  })

  test(`${database}: where verification is off nothing is checked, and all of it once it is on`, async (t) => {
    const { house, clock, carriers, worker } = await openScene(t, database, {
      env: { HAWSER_VERIFICATION: 'off' },
    })
    const watched = await connect(house)
    assert.equal(carriers.asked.length, 0)
    clock.forward(3 * DAY)
    assert.equal(await worker.tick(), 0)
    worker.start()
    await worker.stop(100)
    assert.equal(carriers.asked.length, 0)
    const config = { ...house.ctx.config, verification: 'best-effort' as const }
    assert.equal(await createChecks({ ...house.ctx, config }).tick(), 1)
    assert.equal(await stateOf(house, watched), 'verified')
  })

  test(`${database}: sandbox connections are checked against the simulator, and nobody outside is asked`, async (t) => {
    const { house, clock, carriers, worker } = await openScene(t, database)
    const key = await house.newKey({ environment: 'sandbox' })
    const connected = async (secret: string) => {
      const watched = unique('account')
      const body = {
        nickname: 'n',
        api_key: watched,
        api_secret: secret,
        account_number: watched,
        contract_id: '1',
      }
      return (await house.request('POST', path, { key, body })).json.carrier_id as string
    }
    const ids = [await connected('a secret'), await connected('simulate-unavailable')]
    const states = () =>
      Promise.all(ids.map(async (id) => (await stored(house, id, 'sandbox')).row.failed_checks))
    assert.deepEqual(await states(), [0, 1])
    clock.forward(26.5 * HOUR)
    assert.equal(await worker.tick(), 2)
    assert.deepEqual(await states(), [0, 2])
    assert.equal(carriers.asked.length, 0)
  })

  test(`${database}: where nobody can be asked, that is looked at once a day and not all the time`, async (t) => {
    const { house, clock, worker } = await openScene(t, database)
    const { json } = await house.request('POST', '/v1/connections/carriers/ups', {
      body: { ...connectBodies.ups, account_number: unique() },
    })
    let looks = 0
    for (let minutes = 0; minutes < 5 * 1_440; minutes += 30) {
      clock.forward(30 * MINUTE)
      looks += await worker.tick()
    }
    assert.ok(looks >= 4 && looks <= 6, `${looks} looks`)
    assert.equal((await stored(house, json.carrier_id)).row.state, 'unverified')
  })
}
