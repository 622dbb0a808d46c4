import { parseConfig } from '../../../src/config.ts'
import { EVERY_PERMISSION, noWayOut, type Actor } from '../../../src/context.ts'
import { openContext } from '../../../src/open-installation.ts'
import { findCarrier } from '../../../src/catalog/find-carrier.ts'
import { requireToken } from '../../../src/connections/access-token.ts'
import { createLog } from '../../../src/log.ts'
import type { Outbound } from '../../../src/outbound/http.ts'
import type { Store } from '../../../src/store/db.ts'

// This process reads access tokens until it is killed. Every call goes to one carrier on loopback, and each message brings the time.
export type ReadOrder = { at: number; readers: number }
export type ReadResult = { tokens: string[]; failures: string[] }

const { CARRIER = '', CARRIER_NAME = '', CARRIER_ID = '', TENANT = '', FORGETFUL, ...env } = process.env
let now = Date.now()
const ask: Outbound['ask'] = async (_id, _hosts, { url, headers: { authorization = '' }, body }) => {
  const to = new URL(new URL(url).pathname, CARRIER)
  const answer = await fetch(to, { method: 'POST', headers: { authorization }, body: body ?? null })
  return { status: answer.status, headers: { 'content-type': 'application/json' }, body: await answer.text() }
}

/** Makes a store that forgets what a process claims, as a control. */
const forgetful = (store: Store): Store => ({
  ...store,
  transaction: (tenantId, work) =>
    store.transaction(tenantId, async (tx) => {
      const result = await work(tx)
      await tx.updateTable('carrier_token').set({ claimed_until: null }).execute()
      return result
    }),
})

const log = createLog('fatal', { write: () => {} })
const outbound = { ...noWayOut, ask }
const ctx = await openContext(parseConfig(env).config, log, { clock: () => new Date(now), outbound })
if (FORGETFUL) ctx.store = forgetful(ctx.store)
const actor: Actor = {
  ...{ tenantId: TENANT, environment: 'production', name: 'system' },
  ...{ scopes: EVERY_PERMISSION, requestId: undefined, ip: undefined },
}
const carrier = findCarrier(CARRIER_NAME)
if (!carrier) throw new Error('There is no carrier to read tokens of.')

process.on('message', ({ at, readers }: ReadOrder) => {
  now = at
  if (readers > 0) void read(readers)
})

async function read(readers: number): Promise<void> {
  const connection = { carrier_id: CARRIER_ID }
  const reads = Array.from({ length: readers }, () => requireToken(ctx, actor, connection, carrier!))
  const seen: ReadResult = { tokens: [], failures: [] }
  for (const read of await Promise.allSettled(reads))
    if (read.status === 'rejected') seen.failures.push(String(read.reason))
    else seen.tokens.push(read.value?.token.reveal() ?? 'none')
  process.send?.({ tokens: [...new Set(seen.tokens)], failures: [...new Set(seen.failures)] })
}
process.send?.('ready')
