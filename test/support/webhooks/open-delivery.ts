import type { TestContext } from 'node:test'
import { createDeliveries } from '../../../src/webhooks/deliver.ts'
import { openTestServer } from '../server/test-server.ts'
import type { DatabaseName } from '../database/databases.ts'
import { newClock } from '../clock.ts'
import { openReceivers } from './receivers.ts'

/** Opens a server with a clock that stands still, receivers, and a delivery worker that leaves nothing to chance, until the test ends. */
export async function openDelivery(t: TestContext, database: DatabaseName) {
  const clock = newClock()
  const server = await openTestServer(database, { clock: clock.now })
  t.after(server.close)
  const receivers = openReceivers(server)
  const worker = createDeliveries(server.ctx, { random: () => 0.5 })
  return { server, clock, receivers, worker }
}
