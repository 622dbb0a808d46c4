import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { openSimulatedCarriers, operatorEnv } from '../../support/carriers/simulated-carriers.ts'
import { databases } from '../../support/database/databases.ts'
import { openTestServer } from '../../support/server/test-server.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'

/** Returns the hosts that are asked about an account of Endicia under a configuration. */
async function askedAt(t: TestContext, env: Record<string, string>): Promise<string[]> {
  const [simulated, [database = 'sqlite']] = [openSimulatedCarriers(), databases]
  const server = await openTestServer(database, {
    env: { ...operatorEnv, ...env },
    outbound: simulated.outbound,
  })
  t.after(server.close)
  const body = { ...connectBodies.endicia, account: unique() }
  simulated.know('endicia', body)
  const { json } = await server.request('POST', '/v1/connections/carriers/endicia', { body })
  const { row } = await storedConnection(server, json.carrier_id)
  assert.equal(row.state, 'verified')
  return simulated.asked.map(({ call }) => new URL(call.url).host)
}

test('a carrier that gives platforms hosts of their own is asked at the one that the operator names, and there alone', async (t) => {
  assert.deepEqual(await askedAt(t, {}), ['labelserver.endicia.com'])
  assert.deepEqual(await askedAt(t, { HAWSER_ENDICIA_HOST: 'labels.example.com' }), ['labels.example.com'])
})
