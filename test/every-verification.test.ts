import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Carrier } from '../src/catalog/define.ts'
import type { VerificationOutcome } from '../src/catalog/verification.ts'
import type { Script } from '../src/simulator/define.ts'
import { findSimulated } from '../src/simulator/index.ts'
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

/** What a check of a connection that worked comes to: its state, and the messages of it and of its recovery. */
function expectedOfCheck(outcome: VerificationOutcome): { state: string; told: string[] } {
  const told = ['connection.needs_reauth', 'connection.recovered']
  if (outcome === 'invalid_credentials') return { state: 'needs_reauth', told }
  if (outcome === 'not_entitled') return { state: 'action_required', told }
  // Nobody but the operator can do anything about it.
  if (outcome === 'platform_misconfigured') return { state: 'action_required', told: [] }
  return { state: 'verified', told: [] }
}

/** One answer of the carrier for each outcome that it has, also to an operator whom it does not know. */
function answersOf(
  carrier: Carrier,
): [outcome: VerificationOutcome, reply: (values: object) => Script['reply']][] {
  const simulated = findSimulated(carrier.id)
  const scripts = Object.values({ ...weather, ...simulated?.scripts })
  const names = carrier.verify?.operator ?? []
  const other = Object.fromEntries(names.map((name) => [name, 'another']))
  const answers = new Map<VerificationOutcome, (values: object) => Script['reply']>(
    scripts.map(({ outcome, reply }) => [outcome, () => reply]),
  )
  if (names.length > 0)
    answers.set(
      'platform_misconfigured',
      (values) => (call) =>
        simulated?.answer(call, [{ values: values as Record<string, unknown>, operator: other }]),
    )
  return [...answers]
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

const news = (house: House) =>
  house.ctx.store.read(house.tenantId, (db) =>
    db
      .selectFrom('outbox_message')
      .select(['message_id', 'type', 'payload'])
      .where('type', '!=', 'carrier_connected')
      .execute(),
  )

onEveryDatabase(
  'every answer of every carrier',
  (house) => {
    test('there are carriers to ask, and a webhook that wants to know', async () => {
      assert.ok(askable.length >= 20)
      for (const event of ['carrier_connected', 'connection.needs_reauth', 'connection.recovered']) {
        const body = { event, url: 'https://receiver.example/' }
        assert.equal((await house().request('POST', '/v1/environment/webhooks', { body })).status, 200)
      }
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

    for (const carrier of askable)
      test(`${carrier.id}: a connection that is checked takes the state that its answer says, and webhooks are told what a merchant can repair`, async () => {
        for (const [outcome, reply] of answersOf(carrier)) {
          const account = newAccount(carrier)
          world.know(carrier.id, account)
          world.answer(carrier.id, undefined)
          const body = connectBody(carrier, account)
          const { json, text } = await house().request('POST', connectPath(carrier), { body })
          const path = `${connectPath(carrier)}/${json.carrier_id}`
          const before = await news(house())
          const check = async (answer: Script['reply'] | undefined) => {
            world.answer(carrier.id, answer)
            return (await house().request('POST', `${path}/verify`)).json
          }
          const found = await check(reply(account))
          const want = expectedOfCheck(outcome)
          assert.deepEqual([found.verification?.outcome, found.state], [outcome, want.state], text)
          assert.equal((await check(undefined)).state, 'verified', outcome)
          const after = await news(house())
          const told = after.filter(({ message_id }) => !before.some((one) => one.message_id === message_id))
          assert.deepEqual(told.map(({ type }) => type).sort(), want.told, outcome)
          assert.ok(told.every(({ payload }) => payload.includes(json.carrier_id)))
          await house().request('DELETE', path)
        }
      })

    test('the control: carriers were asked in the name of an operator whom they did not know', () => {
      const misconfigured = askable.filter((carrier) =>
        answersOf(carrier).some(([outcome]) => outcome === 'platform_misconfigured'),
      )
      assert.ok(misconfigured.length >= 5)
    })
  },
  { env: operatorEnv, outbound: world.outbound },
)
