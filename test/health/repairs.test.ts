import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { databases, type DatabaseName } from '../support/harness.ts'
import { connect, openScene, stateOf, told, toNextCheck } from '../support/scheduled.ts'
import { createWebhook } from '../support/webhooks.ts'

const EVENTS = ['connection.degraded', 'connection.recovered', 'connection.needs_reauth']

for (const database of databases) {
  test(`${database}: a repair by an update or a rollback is told once to who was told of the trouble`, async (t) => {
    const { scene, watched, put, post, type } = await refused(t, database)
    assert.equal((await put()).status, 200)
    assert.equal(await stateOf(scene.house, watched), 'verified')
    assert.deepEqual(await type(), ['connection.needs_reauth', 'connection.recovered'])
    await post('verify')
    await put()
    assert.equal((await type()).length, 2)
    scene.carriers.say(watched.account, 'not_entitled')
    await post('verify')
    scene.carriers.say(watched.account, 'verified')
    assert.equal((await post('rollback')).status, 200)
    assert.deepEqual((await type()).slice(2), ['connection.needs_reauth', 'connection.recovered'])
  })

  test(`${database}: an update in an outage is told as a repair when the carrier answers again`, async (t) => {
    const { scene, watched, put, type } = await refused(t, database)
    scene.carriers.say(watched.account, 'unavailable')
    assert.equal((await put()).status, 200)
    assert.equal(await stateOf(scene.house, watched), 'unverified')
    assert.equal((await put()).status, 200)
    assert.deepEqual(await type(), ['connection.needs_reauth'])
    scene.carriers.say(watched.account, 'verified')
    await toNextCheck(scene, watched)
    await toNextCheck(scene, watched)
    assert.equal(await stateOf(scene.house, watched), 'verified')
    assert.deepEqual(await type(), ['connection.needs_reauth', 'connection.recovered'])
  })

  test(`${database}: what was stored in an outage and never told of comes to work without a word`, async (t) => {
    const scene = await openScene(t, database)
    for (const event of EVENTS) await createWebhook(scene.house, { event, url: 'https://hooks.example/' })
    const account = 'out-at-first'
    scene.carriers.say(account, 'unavailable')
    const watched = await connect(scene.house, 'canada_post', { account })
    scene.carriers.say(account, 'verified')
    await toNextCheck(scene, watched)
    assert.equal(await stateOf(scene.house, watched), 'verified')
    assert.deepEqual(await told(scene.house), [])
  })
}

/** A connection that its carrier refused, which has been told; from here on the carrier accepts it. */
async function refused(t: TestContext, database: DatabaseName) {
  const scene = await openScene(t, database)
  const { house, carriers, clock } = scene
  for (const event of EVENTS) await createWebhook(house, { event, url: 'https://hooks.example/' })
  const watched = await connect(house)
  const path = `/v1/connections/carriers/canada_post/${watched.id}`
  const body = { nickname: 'n', api_key: watched.account, api_secret: 'x', account_number: watched.account }
  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    clock.forward(1)
    return work()
  }
  const post = (what: string) => ask(() => house.request('POST', `${path}/${what}`))
  const put = () => ask(() => house.request('PUT', path, { body: { ...body, contract_id: '1' } }))
  carriers.say(watched.account, 'invalid_credentials')
  await post('verify')
  assert.equal(await stateOf(house, watched), 'needs_reauth')
  carriers.say(watched.account, 'verified')
  return { scene, watched, put, post, type: () => told(house) }
}
