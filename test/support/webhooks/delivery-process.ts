import { parseConfig } from '../../../src/config.ts'
import { noWayOut } from '../../../src/context.ts'
import { openContext } from '../../../src/open-installation.ts'
import type { Outbound } from '../../../src/outbound/http.ts'
import { createLog } from '../../../src/log.ts'
import { createDeliveries } from '../../../src/webhooks/deliver.ts'
import { fastClock } from '../clock.ts'

// This process runs a delivery worker until it is killed. The worker posts to one receiver on loopback, whatever the address of the webhook is.
const { RECEIVER = '', STARTED = '', ...env } = process.env
const deliver: Outbound['deliver'] = async ({ url, headers, body }) => {
  const answer = await fetch(RECEIVER, { method: 'POST', headers: { ...headers, 'x-address': url }, body })
  await answer.arrayBuffer()
  return { status: answer.status }
}
const log = createLog('fatal', { write: () => {} })
const clock = fastClock(Number(STARTED))
const ctx = await openContext(parseConfig(env).config, log, { clock, outbound: { ...noWayOut, deliver } })
createDeliveries(ctx).start()
