import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { databases, type DatabaseName } from '../support/database/databases.ts'
import {
  connectChecked,
  openScheduledChecks,
  stateOf,
  announcedTypes,
  runNextCheck,
} from '../support/checks/scheduled-checks.ts'
import { createWebhook } from '../support/webhooks/create-webhook.ts'

const EVENTS = ['connection.degraded', 'connection.recovered', 'connection.needs_reauth']

for (const database of databases) {
  test(`${database}: a repair by an update or a rollback is told once to who was told of the trouble`, async (t) => {
    const { scene, watched, put, post, type } = await refused(t, database)
    assert.equal((await put()).status, 200)
    assert.equal(await stateOf(scene.server, watched), 'verified')
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
    assert.equal(await stateOf(scene.server, watched), 'unverified')
    assert.equal((await put()).status, 200)
    assert.deepEqual(await type(), ['connection.needs_reauth'])
    scene.carriers.say(watched.account, 'verified')
    await runNextCheck(scene, watched)
    await runNextCheck(scene, watched)
    assert.equal(await stateOf(scene.server, watched), 'verified')
    assert.deepEqual(await type(), ['connection.needs_reauth', 'connection.recovered'])
  })

  test(`${database}: what was stored in an outage and never told of comes to work without a word`, async (t) => {
    const scene = await openScheduledChecks(t, database)
    for (const event of EVENTS) await createWebhook(scene.server, { event, url: 'https://hooks.example/' })
    const account = 'out-at-first'
    scene.carriers.say(account, 'unavailable')
    const watched = await connectChecked(scene.server, 'canada_post', { account })
    scene.carriers.say(account, 'verified')
    await runNextCheck(scene, watched)
    assert.equal(await stateOf(scene.server, watched), 'verified')
    assert.deepEqual(await announcedTypes(scene.server), [])
  })
}

/** Makes a connection that its carrier refused, and that was announced; the carrier accepts it afterwards. */
async function refused(t: TestContext, database: DatabaseName) {
  const scene = await openScheduledChecks(t, database)
  const { server, carriers, clock } = scene
  for (const event of EVENTS) await createWebhook(server, { event, url: 'https://hooks.example/' })
  const watched = await connectChecked(server)
  const path = `/v1/connections/carriers/canada_post/${watched.id}`
  const body = { nickname: 'n', api_key: watched.account, api_secret: 'x', account_number: watched.account }
  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    clock.forward(1)
    return work()
  }
  const post = (what: string) => ask(() => server.request('POST', `${path}/${what}`))
  const put = () => ask(() => server.request('PUT', path, { body: { ...body, contract_id: '1' } }))
  carriers.say(watched.account, 'invalid_credentials')
  await post('verify')
  assert.equal(await stateOf(server, watched), 'needs_reauth')
  carriers.say(watched.account, 'verified')
  return { scene, watched, put, post, type: () => announcedTypes(server) }
}
