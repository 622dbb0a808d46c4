import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VerificationOutcome } from '../src/catalog/verification.ts'
import type { Script } from '../src/simulator/define.ts'
import { findSimulated } from '../src/simulator/find-simulated.ts'
import { weather } from '../src/simulator/weather.ts'
import { askable, connectBody, connectPath, newAccount, openWorld, operatorEnv } from './support/carriers.ts'
import { onEveryDatabase, type House } from './support/harness.ts'

const world = openWorld()

/** What a connect comes to: the answer, the state that is stored, what is on record, and what a webhook is told. */
const expected = (outcome: VerificationOutcome) =>
  outcome === 'invalid_credentials' || outcome === 'not_entitled'
    ? { status: 400, state: undefined, events: ['connection.refused refused'], messages: 0 }
    : {
        status: 200,
        state: outcome === 'verified' ? 'verified' : 'unverified',
        events: [`connection.connected ${outcome === 'verified' ? 'succeeded' : 'unverified'}`],
        messages: 1,
      }

async function eventsSince(house: House, seq: number): Promise<string[]> {
  const { json } = await house.request('GET', '/v1/audit?page_size=20')
  return json.events
    .filter((event: any) => event.seq > seq)
    .map(({ action, outcome }: any) => `${action} ${outcome}`)
}

const lastSeq = async (house: House) =>
  (await house.request('GET', '/v1/audit?page_size=1')).json.events[0].seq as number

const messages = (house: House) =>
  house.ctx.store.read(house.tenantId, (db) => db.selectFrom('outbox_message').select('payload').execute())

onEveryDatabase(
  'every answer of every carrier',
  (house) => {
    test('there are carriers to ask, and a webhook that wants to know', async () => {
      assert.ok(askable.length >= 20)
      const body = { event: 'carrier_connected', url: 'https://receiver.example/' }
      assert.equal((await house().request('POST', '/v1/environment/webhooks', { body })).status, 200)
    })

    for (const carrier of askable)
      test(`${carrier.id}: is stored, refused and told as its answer says`, async () => {
        const usual: Record<string, Script> = { usual: { outcome: 'verified', reply: () => undefined } }
        const scripts = { ...usual, ...findSimulated(carrier.id)?.scripts, ...weather }
        for (const [name, script] of Object.entries(scripts)) {
          const account = newAccount(carrier)
          world.know(carrier.id, account)
          world.answer(carrier.id, script.reply)
          const [seq, before, asked] = [await lastSeq(house()), await messages(house()), world.asked.length]
          const body = connectBody(carrier, account)
          const answer = await house().request('POST', connectPath(carrier), { body })
          const want = expected(script.outcome)
          assert.equal(answer.status, want.status, `${name}: ${answer.text}`)
          assert.ok(world.asked.length > asked, `${name}: nobody was asked`)
          assert.deepEqual(await eventsSince(house(), seq), want.events, name)
          const told = (await messages(house())).slice(before.length)
          assert.equal(told.length, want.messages, name)
          const secrets = JSON.stringify(account).match(/planted-[^"]+/g) ?? []
          const shown = [answer.text, ...told.map(({ payload }) => payload), ...house().logs.splice(0)].join(
            '\n',
          )
          assert.ok(!secrets.some((secret) => shown.includes(secret)), `${name}: a secret is shown`)
          if (want.state === undefined) continue
          const { json } = await house().request('GET', '/v1/connections?page_size=500')
          const stored = json.connections.find((one: any) => one.carrier_id === answer.json.carrier_id)
          assert.equal(stored.state, want.state, name)
          await house().request('DELETE', `${connectPath(carrier)}/${answer.json.carrier_id}`)
        }
      })
  },
  { env: operatorEnv, outbound: world.outbound },
)
