import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { createChecks } from '../src/health/checks.ts'
import { createDeliveries } from '../src/webhooks/deliver.ts'
import { connectBodies } from './support/connections/connect-bodies.ts'
import { unique } from './support/unique.ts'
import { onEveryDatabase } from './support/server/every-database.ts'
import type { TestServer } from './support/server/test-server.ts'
import { nextCheckAt } from './support/checks/scheduled-checks.ts'
import { returnFromSignIn, merchantOf, type Merchant } from './support/sign-in/merchant.ts'
import { openSimulatedUps, signInEnv, type SimulatedUps } from './support/sign-in/simulated-ups.ts'
import { mintTokens, DHL_PATH } from './support/tokens/token-carrier.ts'
import { dhlBody } from './support/tokens/dhl-body.ts'
import { connect } from './support/connections/connect.ts'
import { createWebhook } from './support/webhooks/create-webhook.ts'
import { DAY, MINUTE, newClock } from './support/clock.ts'
import { openReceivers } from './support/webhooks/receivers.ts'

const EXPRESS = '/v1/connections/carriers/dhl_express'
const UPS = '/v1/connections/carriers/ups'
const LTL = '/v-beta/ltl/connections/FXFE'
const WEBHOOKS = '/v1/environment/webhooks'

/** This table has everything that is sealed, each with its table and column. */
const THINGS = {
  credentials: ['connection', 'credentials'],
  settings: ['connection', 'settings'],
  previous: ['previous_credentials', 'credentials'],
  deleted: ['deleted_connection', 'sealed'],
  token: ['carrier_token', 'sealed'],
  verifier: ['sign_in', 'verifier'],
  webhook: ['webhook_endpoint', 'sealed'],
} as const
type Thing = keyof typeof THINGS

/** A way is a request that opens something sealed: what it makes before the sealed value is altered, what it does then, and what it answers. */
type Way = {
  name: string
  things: readonly Thing[]
  make: () => Promise<string>
  /** Does the request; calls `alter` first, unless the way alters the value itself. */
  act: (id: string, alter: () => Promise<void>) => Promise<number | undefined>
  answers: number | undefined
  /** This flag means that the way alters the value itself, while it runs. */
  altersOnTheWay?: true
  by: 'key' | 'system'
}

const clock = newClock()

onEveryDatabase(
  'what does not open is on record',
  (server) => {
    let ups: SimulatedUps
    let visitor: Merchant
    /** This function runs while the carrier answers the call that spends the refresh token `spent`, or the next call where there is none. */
    let alterMeanwhile: (() => Promise<unknown>) | undefined
    let spent: string | undefined
    before(async () => {
      openReceivers(server())
      const others = mintTokens(server())
      const { deliver } = server().ctx.outbound
      const askOthers = server().ctx.outbound.ask
      ups = openSimulatedUps(server())
      visitor = merchantOf(server())
      const askUps = server().ctx.outbound.ask
      others.life = 600
      server().ctx.outbound = {
        ...server().ctx.outbound,
        deliver,
        ask: async (carrier, hosts, call) => {
          const isMeant = new URLSearchParams(call.body).get('refresh_token') === spent || !spent
          const reply = await (carrier === 'ups' ? askUps : askOthers)(carrier, hosts, call)
          if (!isMeant) return reply
          const alter = alterMeanwhile
          alterMeanwhile = undefined
          spent = undefined
          await alter?.()
          return reply
        },
      }
    })

    const request = (method: string, path: string, asked: { body?: object } = {}) =>
      server().request(method, path, asked)
    const statusOf = async (method: string, path: string, asked: { body?: object } = {}) =>
      (await request(method, path, asked)).status

    const express = () => ({
      ...{ ...connectBodies.dhl_express, account_number: unique('dhl'), site_id: 's', password: unique('p') },
    })
    /** Makes a connection that has settings, and credentials before the current ones. */
    const connectExpress = async (): Promise<string> => {
      const body = express()
      const { json } = await request('POST', EXPRESS, { body })
      const id = json.carrier_id as string
      const settings = { should_hide_account_number_on_archive_doc: true }
      assert.equal(await statusOf('PUT', `${EXPRESS}/${id}/settings`, { body: settings }), 204)
      assert.equal(
        await statusOf('PUT', `${EXPRESS}/${id}`, { body: { ...body, password: unique('p') } }),
        200,
      )
      return id
    }
    const connectLtl = async (): Promise<string> => {
      const credentials = { key: unique('key'), account_number: unique('account') }
      return (await request('POST', LTL, { body: { credentials } })).json.carrier_id
    }
    const newWebhook = async (): Promise<string> =>
      (await createWebhook(server(), { url: `https://${unique('hooks')}.example/` })).id
    const toCheck = async (id: string): Promise<void> => {
      clock.forward(Math.max(0, ((await nextCheckAt(server(), id)) ?? 0) - clock.now().getTime()))
      while ((await createChecks(server().ctx).tick()) > 0);
    }

    const at = (
      name: string,
      method: string,
      path: string,
      more: Partial<Way> & { body?: () => object },
    ): Way => ({
      ...{ name, things: ['credentials', 'settings'], make: connectExpress, answers: 500, by: 'key' },
      act: (id) => statusOf(method, path.replace('{id}', id), { body: more.body?.() }),
      ...more,
    })

    const ways: Way[] = [
      at('its state', 'GET', `${EXPRESS}/{id}`, {}),
      at('an update', 'PUT', `${EXPRESS}/{id}`, { body: express }),
      at('a dry run of an update', 'PUT', `${EXPRESS}/{id}?verify=only`, { body: express }),
      at('reading settings', 'GET', `${EXPRESS}/{id}/settings`, { things: ['settings'] }),
      at('changing settings', 'PUT', `${EXPRESS}/{id}/settings`, {
        body: () => ({ nickname: unique('n') }),
      }),
      at('a check on request', 'POST', `${EXPRESS}/{id}/verify`, {}),
      at('a lease', 'POST', `${EXPRESS}/{id}/lease`, {}),
      at('a rollback', 'POST', `${EXPRESS}/{id}/rollback`, {
        things: ['credentials', 'settings', 'previous'],
      }),
      at('a dry run of a rollback', 'POST', `${EXPRESS}/{id}/rollback?verify=only`, {
        things: ['credentials', 'settings', 'previous'],
      }),
      at('a delete', 'DELETE', `${EXPRESS}/{id}`, { answers: 204 }),
      at('an update of LTL', 'PUT', `${LTL}/{id}`, {
        ...{ make: connectLtl, things: ['credentials'] },
        body: () => ({ credentials: { key: unique('key'), account_number: unique('account') } }),
      }),
      at('a lease of LTL', 'POST', `${LTL}/{id}/lease`, { make: connectLtl, things: ['credentials'] }),
      at('a rollback of LTL', 'POST', `${LTL}/{id}/rollback`, {
        things: ['credentials', 'previous'],
        make: async () => {
          const id = await connectLtl()
          const credentials = { key: unique('key'), account_number: unique('account') }
          assert.equal(await statusOf('PUT', `${LTL}/${id}`, { body: { credentials } }), 200)
          return id
        },
      }),
      at('a delete of LTL', 'DELETE', `${LTL}/{id}`, {
        make: connectLtl,
        things: ['credentials'],
        answers: 204,
      }),
      at('a restore', 'POST', `${EXPRESS}/{id}/restore`, {
        things: ['deleted'],
        make: async () => {
          const id = await connectExpress()
          assert.equal(await statusOf('DELETE', `${EXPRESS}/${id}`), 204)
          return id
        },
      }),
      at('an access token that is there', 'POST', `${DHL_PATH}/{id}/lease?as=token`, {
        ...{ make: () => connect(server(), 'dhl_ecommerce'), things: ['token'] },
      }),
      at('an access token that has to be got', 'POST', `${DHL_PATH}/{id}/lease?as=token`, {
        things: ['credentials'],
        make: async () => {
          const id = await connect(server(), 'dhl_ecommerce')
          clock.forward(DAY)
          return id
        },
      }),
      at('an update that comes to a token', 'PUT', `${DHL_PATH}/{id}`, {
        ...{ make: () => connect(server(), 'dhl_ecommerce'), things: ['credentials'], body: dhlBody },
      }),
      {
        ...{
          name: 'a scheduled check',
          things: ['credentials', 'settings'],
          by: 'system',
          answers: undefined,
        },
        make: connectExpress,
        act: async (id) => void (await toCheck(id)),
      },
      {
        ...{ name: 'the end of a sign-in', things: ['credentials', 'verifier'], by: 'key', answers: 500 },
        make: async () => {
          const begun = await visitor.begun()
          returns.set(begun.id, { state: begun.state, code: begun.code })
          return begun.id
        },
        act: async (id) => (await returnFromSignIn(server(), returns.get(id) ?? {})).status,
      },
      {
        ...{
          name: 'a sign-in whose code is being exchanged',
          things: ['credentials'],
          by: 'key',
          answers: 500,
        },
        altersOnTheWay: true,
        make: async () => {
          const begun = await visitor.begun()
          returns.set(begun.id, { state: begun.state, code: begun.code })
          return begun.id
        },
        act: async (id, alter) => {
          alterMeanwhile = alter
          return (await returnFromSignIn(server(), returns.get(id) ?? {})).status
        },
      },
      {
        ...{
          name: 'a check that has spent the refresh token',
          things: ['credentials'],
          by: 'key',
          answers: 500,
        },
        altersOnTheWay: true,
        make: async () => (await visitor.signedIn()).id,
        act: (id, alter) => {
          alterMeanwhile = alter
          return statusOf('POST', `${UPS}/${id}/verify`)
        },
      },
      {
        ...{
          name: 'a lease that has spent the refresh token',
          things: ['credentials'],
          by: 'key',
          answers: 500,
        },
        altersOnTheWay: true,
        make: async () => (await visitor.signedIn()).id,
        act: (id, alter) => {
          alterMeanwhile = alter
          return statusOf('POST', `${UPS}/${id}/lease?as=token`)
        },
      },
      {
        ...{
          name: 'a scheduled check that has spent the refresh token',
          things: ['credentials'],
          by: 'system',
        },
        ...{ answers: undefined, altersOnTheWay: true },
        make: async () => (await visitor.signedIn()).id,
        act: async (id, alter) => {
          alterMeanwhile = alter
          spent = ups.good
          await toCheck(id)
          // The worker leaves such a connection alone for a day, so that it does not fill the log.
          for (let hour = 0; hour < 20; hour += 1) {
            clock.forward(60 * MINUTE)
            while ((await createChecks(server().ctx).tick()) > 0);
          }
          return undefined
        },
      },
      {
        ...{ name: 'a check of what is deleted meanwhile', things: ['deleted'], by: 'key', answers: 500 },
        altersOnTheWay: true,
        make: async () => (await visitor.signedIn()).id,
        act: (id, alter) => {
          alterMeanwhile = async () => {
            assert.equal(await statusOf('DELETE', `${UPS}/${id}`), 204)
            await alter()
          }
          return statusOf('POST', `${UPS}/${id}/verify`)
        },
      },
      at('headers of a webhook', 'PUT', `${WEBHOOKS}/{id}`, {
        ...{ make: newWebhook, things: ['webhook'], body: () => ({ headers: [{ key: 'x-a', value: 'v' }] }) },
      }),
      at('another secret of a webhook', 'POST', `${WEBHOOKS}/{id}/rotate_secret`, {
        ...{ make: newWebhook, things: ['webhook'] },
      }),
      {
        ...{ name: 'a delivery', things: ['webhook'], by: 'system', answers: undefined, make: newWebhook },
        act: async (id) => {
          await connectExpress()
          await createDeliveries(server().ctx, { random: () => 0.5 }).tick()
          assert.equal(await statusOf('DELETE', `${WEBHOOKS}/${id}`), 204)
          return undefined
        },
      },
      {
        ...{ name: 'the end of an old secret', things: ['webhook'], by: 'system', answers: undefined },
        make: async () => {
          const id = await newWebhook()
          assert.equal(await statusOf('POST', `${WEBHOOKS}/${id}/rotate_secret`), 200)
          return id
        },
        act: async (id) => {
          clock.forward(DAY + MINUTE)
          const worker = createDeliveries(server().ctx)
          for (let minute = 0; minute < 5; minute += 1) {
            await worker.tick()
            clock.forward(MINUTE)
          }
          assert.equal(await statusOf('DELETE', `${WEBHOOKS}/${id}`), 204)
          return undefined
        },
      },
    ]
    const returns = new Map<string, { state: string; code: string }>()

    test('every thing that is sealed is among those that are altered here', () => {
      assert.deepEqual([...new Set(ways.flatMap(({ things }) => things))].sort(), Object.keys(THINGS).sort())
    })

    describe('once, on every way to it', () => {
      for (const way of ways)
        for (const thing of way.things)
          test(`${thing}: ${way.name}`, async () => {
            const id = await way.make()
            const alter = () => spoil(server(), thing, id)
            if (!way.altersOnTheWay) await alter()
            const before = await violations(server())
            assert.equal(await way.act(id, alter), way.answers)
            assert.equal(alterMeanwhile, undefined, 'it was altered')
            const since = (await violations(server())).slice(before.length)
            // The server's own work also finds values that were altered earlier.
            const isMeant = ({ carrier_id, subject }: Event) => [carrier_id, subject].includes(id)
            const found = way.by === 'system' ? since.filter(isMeant) : since
            const isWebhook = thing === 'webhook'
            assert.deepEqual(
              found.map(({ carrier_id, subject, outcome, fields }) => [carrier_id, subject, outcome, fields]),
              [[isWebhook ? null : id, isWebhook ? id : null, 'refused', []]],
            )
            assert.equal(found[0]?.actor.split(':')[0], way.by)
          })
    })

    test('the control: nothing is on record where all is as it was', async () => {
      const before = await violations(server())
      const id = await connectExpress()
      assert.equal(await statusOf('GET', `${EXPRESS}/${id}`), 200)
      assert.equal(await statusOf('POST', `${EXPRESS}/${id}/rollback`), 200)
      assert.equal(await statusOf('POST', `${UPS}/${(await visitor.signedIn()).id}/verify`), 200)
      assert.deepEqual(await violations(server()), before)
    })

    test('what is listed without being opened is listed all the same, and nothing is on record', async () => {
      const id = await connectExpress()
      await spoil(server(), 'credentials', id)
      const webhook = await newWebhook()
      await spoil(server(), 'webhook', webhook)
      const before = await violations(server())
      for (const path of ['/v1/carriers', '/v1/connections', WEBHOOKS, `${WEBHOOKS}/${webhook}`, '/v1/audit'])
        assert.equal(await statusOf('GET', path), 200, path)
      assert.deepEqual(await violations(server()), before)
    })
  },
  { clock: clock.now, env: signInEnv },
)

/** Alters what is sealed, like somebody who can write to the database. */
async function spoil({ ctx, tenantId }: TestServer, thing: Thing, id: string): Promise<void> {
  const [table, column] = THINGS[thing]
  const { numUpdatedRows } = await ctx.store.transaction(tenantId, (tx) =>
    tx
      .updateTable(table as 'connection')
      .set({ [column]: Buffer.alloc(200, 9) })
      .where((table === 'webhook_endpoint' ? 'webhook_id' : 'carrier_id') as 'carrier_id', '=', id)
      .executeTakeFirstOrThrow(),
  )
  assert.equal(numUpdatedRows, 1n)
}

type Event = {
  actor: string
  carrier_id: string | null
  subject: string | null
  outcome: string
  fields: string[]
}

/** Reads all recorded violations, oldest first. */
async function violations(server: TestServer): Promise<Event[]> {
  const { json } = await server.request('GET', '/v1/audit?action=integrity.violation&page_size=500')
  return (json.events as Event[]).toReversed()
}
