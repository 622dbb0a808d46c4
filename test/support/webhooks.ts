import type { TestContext } from 'node:test'
import type { Outbound } from '../../src/outbound/http.ts'
import type { Environment } from '../../src/store/schema.ts'
import { createDeliveries } from '../../src/webhooks/deliver.ts'
import { connectBodies, unique } from './bodies.ts'
import { openHouse, type DatabaseName, type House } from './harness.ts'

type Deliver = Outbound['deliver']

/** A clock that stands still until it is moved. */
export type Clock = { now: () => Date; forward: (ms: number) => void }

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export function newClock(): Clock {
  let time = Date.now()
  return { now: () => new Date(time), forward: (ms) => void (time += ms) }
}

export type Request = Parameters<Deliver>[0]
type Reply = Awaited<ReturnType<Deliver>>

/** Receivers by the host they answer under; one that no test has scripted takes everything. */
export type Receivers = {
  /** Everything that was sent, in order. */
  seen: Request[]
  script: (host: string, answer: (request: Request, count: number) => Reply | Promise<Reply>) => void
  at: (host: string) => Request[]
}

/** Puts another way out for webhooks into a house. */
export function deliverBy(house: House, deliver: Deliver): void {
  house.ctx.outbound = { ...house.ctx.outbound, deliver }
}

/** Stands in for the way out of a house. */
export function receive(house: House): Receivers {
  const seen: Request[] = []
  const scripts = new Map<string, (request: Request, count: number) => Reply | Promise<Reply>>()
  const at = (host: string) => seen.filter(({ url }) => new URL(url).host === host)
  deliverBy(house, async (request) => {
    seen.push(request)
    const { host } = new URL(request.url)
    return scripts.get(host)?.(request, at(host).length) ?? { status: 204 }
  })
  return { seen, at, script: (host, answer) => void scripts.set(host, answer) }
}

/** Creates a webhook; answers its id and its signing secret. */
export async function createWebhook(
  house: House,
  body: Record<string, unknown>,
  key = house.key,
): Promise<{ id: string; secret: string }> {
  const event = 'carrier_connected'
  const answer = await house.request('POST', '/v1/environment/webhooks', { key, body: { event, ...body } })
  if (answer.status !== 200) throw new Error(answer.text)
  return { id: answer.json.webhook_id, secret: String(answer.headers['hawser-webhook-secret']) }
}

/** What is in the outbox of the first tenant, oldest first. */
export async function outbox(house: House, environment: Environment = 'production') {
  const { ctx, tenantId } = house
  return ctx.store.read(tenantId, (db) =>
    db
      .selectFrom('outbox_message')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('environment', '=', environment)
      .orderBy('created_at')
      .orderBy('message_id')
      .execute(),
  )
}

/** What became of the messages of a webhook, newest first. */
export async function attemptsOf(house: House, id: string, key = house.key): Promise<any> {
  return (await house.request('GET', `/v1/environment/webhooks/${id}/attempts?page_size=500`, { key })).json
}

/** Connects an account of its own. */
export const connectAccount = (house: House, key = house.key) =>
  house.request('POST', '/v1/connections/carriers/ups', {
    key,
    body: { ...connectBodies.ups, account_number: unique() },
  })

/** Who did what, newest first. */
export const actorsAndActions = async (house: House) =>
  (await house.request('GET', '/v1/audit?page_size=500')).json.events.map(
    ({ actor, action }: { actor: string; action: string }) => `${actor} ${action}`,
  )

/** A house with a clock that stands still, receivers, and a worker without chance, for the length of a test. */
export async function openDelivery(t: TestContext, database: DatabaseName) {
  const clock = newClock()
  const house = await openHouse(database, { clock: clock.now })
  t.after(house.close)
  const receivers = receive(house)
  const worker = createDeliveries(house.ctx, { random: () => 0.5 })
  return { house, clock, receivers, worker }
}
