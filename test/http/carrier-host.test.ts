import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { connectBodies, unique } from '../support/bodies.ts'
import { openWorld, operatorEnv } from '../support/carriers.ts'
import { databases, openHouse } from '../support/harness.ts'
import { stored } from '../support/stored.ts'

/** Where an account of Endicia is asked about, under this configuration. */
async function askedAt(t: TestContext, env: Record<string, string>): Promise<string[]> {
  const [world, [database = 'sqlite']] = [openWorld(), databases]
  const house = await openHouse(database, { env: { ...operatorEnv, ...env }, outbound: world.outbound })
  t.after(house.close)
  const body = { ...connectBodies.endicia, account: unique() }
  world.know('endicia', body)
  const { json } = await house.request('POST', '/v1/connections/carriers/endicia', { body })
  const { row } = await stored(house, json.carrier_id)
  assert.equal(row.state, 'verified')
  return world.asked.map(({ call }) => new URL(call.url).host)
}

test('a carrier that gives platforms hosts of their own is asked at the one that the operator names, and there alone', async (t) => {
  assert.deepEqual(await askedAt(t, {}), ['labelserver.endicia.com'])
  assert.deepEqual(await askedAt(t, { HAWSER_ENDICIA_HOST: 'labels.example.com' }), ['labels.example.com'])
})
