import assert from 'node:assert/strict'
import type { Call, Reply } from '../../../src/catalog/verification.ts'
import { findSimulated } from '../../../src/simulator/find-simulated.ts'
import type { TestServer } from '../server/test-server.ts'

export const UPS_CLIENT = { ups_client_id: 'app-client-id', ups_client_secret: 'Zx81-app-client-secret' }
export const PUBLIC_URL = 'https://hawser.example'

/** These are the settings of an operator who has set up the sign-in at UPS. */
export const signInEnv = {
  HAWSER_UPS_SIGN_IN: 'true',
  HAWSER_UPS_CLIENT_ID: UPS_CLIENT.ups_client_id,
  HAWSER_UPS_CLIENT_SECRET: UPS_CLIENT.ups_client_secret,
  HAWSER_PUBLIC_URL: PUBLIC_URL,
}

/** The simulated UPS takes each refresh token once, and keeps the calls that it got in `calls`. */
export type SimulatedUps = {
  calls: Call[]
  count: (path: string) => number
  /** These are all refresh tokens that it has given out. */
  secrets: string[]
  /** This is the one refresh token that it takes; a test may spoil it. */
  good: string
  /** This answers in place of UPS until a test takes it away. */
  instead?: ((call: Call) => Promise<Reply> | Reply) | undefined
}

/** Makes a server call a simulated UPS of its own. */
export function openSimulatedUps(server: TestServer): SimulatedUps {
  const simulated = findSimulated('ups')
  assert.ok(simulated)
  const ups: SimulatedUps = {
    calls: [],
    secrets: [],
    good: '',
    count: (path) => ups.calls.filter(({ url }) => new URL(url).pathname.endsWith(path)).length,
  }
  const ask = async (_carrier: string, hosts: readonly string[], call: Call) => {
    ups.calls.push(call)
    assert.ok(hosts.includes(new URL(call.url).hostname))
    if (ups.instead) return ups.instead(call)
    const shipper = /"ShipperNumber":"([^"]*)"/.exec(call.body ?? '')?.[1] ?? 'any'
    const account = { values: { account_number: shipper, sign_in: ups.good }, operator: UPS_CLIENT }
    const reply = simulated.answer(call, [account])
    const next = (JSON.parse(reply.body) as { refresh_token?: string }).refresh_token
    if (next !== undefined) {
      ups.good = next
      ups.secrets.push(next)
    }
    return reply
  }
  server.ctx.outbound = { ...server.ctx.outbound, ask }
  return ups
}
