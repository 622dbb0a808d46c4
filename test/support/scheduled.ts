import { setTimeout as pause } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import type { Call, Reply, VerificationOutcome } from '../../src/catalog/verification.ts'
import { noWayOut } from '../../src/context.ts'
import { createChecks, type Checks } from '../../src/health/checks.ts'
import type { Outbound } from '../../src/outbound/http.ts'
import { basicUser, jsonReply, xmlReply } from '../../src/simulator/define.ts'
import { findSimulated } from '../../src/simulator/find-simulated.ts'
import { weather } from '../../src/simulator/weather.ts'
import { openHouse, type DatabaseName, type House } from './harness.ts'
import { stored } from './stored.ts'
import { newClock, outbox, type Clock } from './webhooks.ts'
import { unique } from './bodies.ts'

export type Says = Exclude<VerificationOutcome, 'platform_misconfigured'>
type Asked = { carrier: string; account: string; at: number }

/** Two carriers that answer for each account what a test says, and what they were asked. */
export type Askable = {
  outbound: Outbound
  asked: Asked[]
  of: (account: string) => Asked[]
  /** From here on this is what an account gets; by itself it is verified. */
  say: (account: string, outcome: Says | ((at: Date) => Says | Promise<Says>)) => void
}

const accountOf = (call: Call) => basicUser(call)?.user ?? ''

function usual(carrier: string, call: Call): Reply {
  if (carrier === 'dhl_express') return jsonReply(200, { address: [{ countryCode: 'US' }] })
  const sent = basicUser(call)
  const account_number = decodeURIComponent(new URL(call.url).pathname.split('/').at(-1) ?? '')
  const values = { api_key: sent?.user, api_secret: sent?.password, account_number }
  const reply = findSimulated(carrier)?.answer(call, [{ values, operator: {} }])
  if (!reply) throw new Error('Nobody answers.')
  return reply
}

function replyOf(carrier: string, call: Call, outcome: Says): Reply {
  const scripts = findSimulated(carrier)?.scripts ?? {}
  switch (outcome) {
    case 'verified':
      return usual(carrier, call)
    case 'invalid_credentials':
      return jsonReply(401, {})
    case 'not_entitled':
      return scripts.other_customer?.reply(call) ?? jsonReply(403, {})
    case 'inconclusive':
      return xmlReply(200, '<customer/>')
    case 'rate_limited':
      return weather.rate_limited?.reply(call) ?? jsonReply(429, {})
    case 'unavailable':
      throw new Error('Nobody answers.')
  }
}

/** Stands in for the way out to `canada_post` and `dhl_express`; an account is known by the user of its calls. */
export function openAskable(clock: Pick<Clock, 'now'>): Askable {
  const asked: Asked[] = []
  const said = new Map<string, Parameters<Askable['say']>[1]>()
  return {
    asked,
    of: (account) => asked.filter((one) => one.account === account),
    say: (account, outcome) => void said.set(account, outcome),
    outbound: {
      ...noWayOut,
      ask: async (carrier, _hosts, call) => {
        const account = accountOf(call)
        asked.push({ carrier, account, at: clock.now().getTime() })
        const says = said.get(account) ?? 'verified'
        return replyOf(carrier, call, typeof says === 'string' ? says : await says(clock.now()))
      },
    },
  }
}

/** A connection under test: its id, and the account that the carrier is asked about. */
export type Watched = { id: string; account: string }

/** Connects an account; by itself one of its own at Canada Post. */
export async function connect(
  house: House,
  carrier: 'canada_post' | 'dhl_express' = 'canada_post',
  { account = unique('account'), key = house.key } = {},
): Promise<Watched> {
  const body =
    carrier === 'canada_post'
      ? { api_key: account, api_secret: 'a secret', account_number: account, contract_id: '1' }
      : { account_number: account, site_id: account, password: 'a secret' }
  const { json, text } = await house.request('POST', `/v1/connections/carriers/${carrier}`, {
    key,
    body: { nickname: 'watched', ...body },
  })
  if (!json?.carrier_id) throw new Error(text)
  return { id: json.carrier_id, account }
}

export type Scene = { house: House; clock: Clock; carriers: Askable; worker: Checks }

/** A house whose carriers are scripted, with one worker that checks. */
export async function openScene(
  t: TestContext,
  database: DatabaseName,
  { env = {}, rehearse = true }: { env?: Record<string, string>; rehearse?: boolean } = {},
): Promise<Scene> {
  const clock = newClock()
  const carriers = openAskable(clock)
  const house = await openHouse(database, { clock: clock.now, outbound: carriers.outbound, env, rehearse })
  t.after(house.close)
  return { house, clock, carriers, worker: createChecks(house.ctx) }
}

/** When the connection is to be checked next; `undefined` where nothing is planned. */
export async function planned(house: House, id: string): Promise<number | undefined> {
  const row = await house.ctx.store.read(house.tenantId, (db) =>
    db
      .selectFrom('scheduled_check')
      .select('due_at')
      .where('tenant_id', '=', house.tenantId)
      .where('carrier_id', '=', id)
      .executeTakeFirst(),
  )
  return row && Date.parse(row.due_at)
}

/** Moves the clock to when the connection is due, and checks what is. */
export async function toNextCheck(
  { house, clock, worker }: Pick<Scene, 'house' | 'clock' | 'worker'>,
  { id }: Pick<Watched, 'id'>,
): Promise<void> {
  const due = await planned(house, id)
  if (due === undefined) throw new Error('Nothing is planned.')
  clock.forward(Math.max(0, due - clock.now().getTime()))
  while ((await worker.tick()) > 0);
}

export const stateOf = async (house: House, { id }: Watched) => (await stored(house, id)).row.state

/** The types of what waits for webhooks, in order; messages of one moment stand in any. */
export const told = async (house: House) => (await outbox(house)).map(({ type }) => type)

/** Waits until it holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(2)
}
