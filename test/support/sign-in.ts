import assert from 'node:assert/strict'
import type { Call, Reply } from '../../src/catalog/verification.ts'
import { findSimulated } from '../../src/simulator/find-simulated.ts'
import { codeOf } from '../../src/simulator/oauth.ts'
import { connectBodies, unique } from './bodies.ts'
import type { Answer, House } from './harness.ts'
import { stored, trail } from './stored.ts'
import { outbox } from './webhooks.ts'

export const CLIENT = { ups_client_id: 'app-client-id', ups_client_secret: 'Zx81-app-client-secret' }
export const PUBLIC = 'https://hawser.example'

/** The environment of an operator who has set up the sign-in at UPS. */
export const signInEnv = {
  HAWSER_UPS_SIGN_IN: 'true',
  HAWSER_UPS_CLIENT_ID: CLIENT.ups_client_id,
  HAWSER_UPS_CLIENT_SECRET: CLIENT.ups_client_secret,
  HAWSER_PUBLIC_URL: PUBLIC,
}

/** UPS as it takes each refresh token once; everything it was asked is in `calls`. */
export type Ups = {
  calls: Call[]
  count: (path: string) => number
  /** Every refresh token and code there ever was. */
  secrets: string[]
  /** The one refresh token that is good; tests spoil it. */
  good: string
  /** Stands in for the next answers, until it is taken away. */
  instead?: ((call: Call) => Promise<Reply> | Reply) | undefined
}

/** Puts a UPS of its own behind the way out of a house. */
export function openUps(house: House): Ups {
  const simulated = findSimulated('ups')
  assert.ok(simulated)
  const ups: Ups = {
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
    const account = { values: { account_number: shipper, sign_in: ups.good }, operator: CLIENT }
    const reply = simulated.answer(call, [account])
    const next = (JSON.parse(reply.body) as { refresh_token?: string }).refresh_token
    if (next !== undefined) {
      ups.good = next
      ups.secrets.push(next)
    }
    return reply
  }
  house.ctx.outbound = { ...house.ctx.outbound, ask }
  return ups
}

/** Connects UPS, and answers with it. */
export function connectUps(house: House, key = house.key): Promise<Answer> {
  const body = { ...connectBodies.ups, account_number: unique('ACC') }
  return house.request('POST', '/v1/connections/carriers/ups', { key, body })
}

/** What a merchant brings back who was sent to this page and let in. */
export function letIn(location: unknown): { state: string; code: string } {
  const asked = new URL(String(location)).searchParams
  const code = codeOf(asked.get('client_id'), asked.get('redirect_uri'), asked.get('code_challenge'))
  return { state: asked.get('state') ?? '', code }
}

/** A merchant’s browser comes back with this. */
export function comeBack(house: House, query: Record<string, string> | string): Promise<Answer> {
  const text = typeof query === 'string' ? query : new URLSearchParams(query).toString()
  return house.request('GET', `/v1/sign_in/return?${text}`, { key: '' })
}

export type Visitor = ReturnType<typeof visitorOf>

/** A merchant who signs in, and what is seen of it from inside. */
export function visitorOf(house: House) {
  const rowsOf = (id: string) =>
    house.ctx.store.read(house.tenantId, (db) =>
      db.selectFrom('sign_in').selectAll().where('carrier_id', '=', id).execute(),
    )
  const begun = async () => {
    const { headers, json } = await connectUps(house)
    return { id: json.carrier_id as string, ...letIn(headers.location) }
  }
  return {
    rowsOf,
    begun,
    snapshot: async (id: string) => ({
      ...(await stored(house, id)),
      trail: await trail(house, id),
      rows: await rowsOf(id),
      messages: (await outbox(house)).length,
    }),
    signedIn: async () => {
      const one = await begun()
      assert.equal((await comeBack(house, { state: one.state, code: one.code })).status, 200)
      return one
    },
    again: (id: string, key = house.key) =>
      house.request('POST', `/v1/connections/carriers/ups/${id}/sign_in`, { key }),
  }
}
