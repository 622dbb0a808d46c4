import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VerificationOutcome } from '../src/catalog/verification.ts'
import type { CarrierScript } from '../src/simulator/define.ts'
import { findSimulated } from '../src/simulator/find-simulated.ts'
import { weather } from '../src/simulator/weather.ts'
import {
  verifiableCarriers,
  openSimulatedCarriers,
  operatorEnv,
} from './support/carriers/simulated-carriers.ts'
import { connectBody, connectPath, newAccount } from './support/carriers/new-account.ts'
import { onEveryDatabase } from './support/server/every-database.ts'
import type { TestServer } from './support/server/test-server.ts'

const simulated = openSimulatedCarriers()

/** Returns what a connect with the outcome has to lead to: the status, the stored state, the audit events, and the number of webhook messages. */
const expected = (outcome: VerificationOutcome) =>
  outcome === 'invalid_credentials' || outcome === 'not_entitled'
    ? { status: 400, state: undefined, events: ['connection.refused refused'], messages: 0 }
    : {
        status: 200,
        state: outcome === 'verified' ? 'verified' : 'unverified',
        events: [`connection.connected ${outcome === 'verified' ? 'succeeded' : 'unverified'}`],
        messages: 1,
      }

async function eventsSince(server: TestServer, seq: number): Promise<string[]> {
  const { json } = await server.request('GET', '/v1/audit?page_size=20')
  return json.events
    .filter((event: any) => event.seq > seq)
    .map(({ action, outcome }: any) => `${action} ${outcome}`)
}

const lastSeq = async (server: TestServer) =>
  (await server.request('GET', '/v1/audit?page_size=1')).json.events[0].seq as number

const messages = (server: TestServer) =>
  server.ctx.store.read(server.tenantId, (db) => db.selectFrom('outbox_message').select('payload').execute())

onEveryDatabase(
  'every answer of every carrier',
  (server) => {
    test('there are carriers to ask, and a webhook that wants to know', async () => {
      assert.ok(verifiableCarriers.length >= 20)
      const body = { event: 'carrier_connected', url: 'https://receiver.example/' }
      assert.equal((await server().request('POST', '/v1/environment/webhooks', { body })).status, 200)
    })

    for (const carrier of verifiableCarriers)
      test(`${carrier.id}: is stored, refused and told as its answer says`, async () => {
        const usual: Record<string, CarrierScript> = {
          usual: { outcome: 'verified', reply: () => undefined },
        }
        const scripts = { ...usual, ...findSimulated(carrier.id)?.scripts, ...weather }
        for (const [name, script] of Object.entries(scripts)) {
          const account = newAccount(carrier)
          simulated.know(carrier.id, account)
          simulated.answer(carrier.id, script.reply)
          const [seq, before, asked] = [
            await lastSeq(server()),
            await messages(server()),
            simulated.asked.length,
          ]
          const body = connectBody(carrier, account)
          const answer = await server().request('POST', connectPath(carrier), { body })
          const want = expected(script.outcome)
          assert.equal(answer.status, want.status, `${name}: ${answer.text}`)
          assert.ok(simulated.asked.length > asked, `${name}: nobody was asked`)
          assert.deepEqual(await eventsSince(server(), seq), want.events, name)
          const told = (await messages(server())).slice(before.length)
          assert.equal(told.length, want.messages, name)
          const secrets = JSON.stringify(account).match(/planted-[^"]+/g) ?? []
          const shown = [answer.text, ...told.map(({ payload }) => payload), ...server().logs.splice(0)].join(
            '\n',
          )
          assert.ok(!secrets.some((secret) => shown.includes(secret)), `${name}: a secret is shown`)
          if (want.state === undefined) continue
          const { json } = await server().request('GET', '/v1/connections?page_size=500')
          const stored = json.connections.find((one: any) => one.carrier_id === answer.json.carrier_id)
          assert.equal(stored.state, want.state, name)
          await server().request('DELETE', `${connectPath(carrier)}/${answer.json.carrier_id}`)
        }
      })
  },
  { env: operatorEnv, outbound: simulated.outbound },
)
