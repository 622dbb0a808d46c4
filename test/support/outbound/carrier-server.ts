import type { TestContext } from 'node:test'
import type { Call } from '../../../src/catalog/verification.ts'
import type { OutboundLimits } from '../../../src/outbound/limits.ts'
import { type Talk, openPeer } from './peer.ts'
import { openTestOutbound } from './test-outbound.ts'

/** These limits end every wait soon. */
export const QUICK_LIMITS = { connectMs: 300, headersMs: 300, totalMs: 1_500, receiptMs: 200 }
/** This secret stands wherever a caller has one. */
export const SECRET = 'Tr0ub4dor-3-Kq9-in-the-weather'
export const CARRIER_CALL: Call = {
  method: 'POST',
  url: `https://carrier.test/login?key=${SECRET}`,
  headers: { authorization: `Basic ${SECRET}`, 'content-type': 'application/json' },
  body: JSON.stringify({ password: SECRET }),
}

/** Opens a carrier that talks as a test says, and a client that reaches it through an override. */
export async function openCarrierServer(
  t: TestContext,
  talk: Talk | 'hang up',
  limits: Partial<OutboundLimits> = QUICK_LIMITS,
) {
  const peer = await openPeer(t, talk)
  const way = openTestOutbound(t, {
    overrides: new Map([['carrier.test', `http://127.0.0.1:${peer.port}`]]),
    limits,
  })
  return {
    ...peer,
    way,
    ask: (given: Partial<Call> = {}) => way.ask('test', ['carrier.test'], { ...CARRIER_CALL, ...given }),
  }
}
