import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createChecks } from '../../src/health/checks.ts'
import type { CarrierScript } from '../../src/simulator/define.ts'
import { xmlReply } from '../../src/simulator/define.ts'
import { findSimulated } from '../../src/simulator/find-simulated.ts'
import { connectBodies } from '../support/connections/connect-bodies.ts'
import { unique } from '../support/unique.ts'
import { openSimulatedCarriers, operatorEnv } from '../support/carriers/simulated-carriers.ts'
import { databases } from '../support/database/databases.ts'
import { openTestServer } from '../support/server/test-server.ts'
import { nextCheckAt, stateOf, announcedTypes, runNextCheck } from '../support/checks/scheduled-checks.ts'
import { auditTrail } from '../support/audit/audit-events.ts'
import { createWebhook } from '../support/webhooks/create-webhook.ts'
import { newClock } from '../support/clock.ts'
import { outbox } from '../support/webhooks/outbox.ts'

const scripts = findSimulated('endicia')?.scripts ?? {}
const usual = () => undefined
const misconfigured: CarrierScript['reply'] = () =>
  xmlReply(
    200,
    '<AccountStatusResponse><Status>1001</Status><ErrorMessage>Invalid RequesterID planted-by-the-carrier</ErrorMessage></AccountStatusResponse>',
  )
const silent: CarrierScript['reply'] = () => {
  throw new Error('Nobody answers.')
}

for (const database of databases)
  test(`${database}: a carrier that refuses the operator's own registration is no news for the merchant, whom the operator is told of`, async (t) => {
    const [clock, simulated] = [newClock(), openSimulatedCarriers()]
    const server = await openTestServer(database, {
      ...{ clock: clock.now, outbound: simulated.outbound, env: operatorEnv },
    })
    t.after(server.close)
    const scene = { server, clock, worker: createChecks(server.ctx) }
    for (const event of ['connection.needs_reauth', 'connection.degraded', 'connection.recovered'])
      await createWebhook(server, { event, url: 'https://hooks.example/' })
    const body = { ...connectBodies.endicia, account: unique('account') }
    simulated.know('endicia', body)
    const { json } = await server.request('POST', '/v1/connections/carriers/endicia', { body })
    const watched = { id: json.carrier_id as string, account: body.account }
    const steps: [CarrierScript['reply'] | undefined, state: string, news: string[], warned: number][] = [
      [misconfigured, 'action_required', [], 1],
      [misconfigured, 'action_required', [], 0],
      [silent, 'action_required', [], 0],
      [usual, 'verified', [], 0],
      [misconfigured, 'action_required', [], 1],
      // From here on only the merchant can mend the connection.
      [scripts.suspended?.reply, 'action_required', ['connection.needs_reauth'], 0],
      [misconfigured, 'action_required', [], 1],
      [usual, 'verified', ['connection.recovered'], 0],
      [silent, 'verified', [], 0],
      [silent, 'verified', [], 0],
      [silent, 'degraded', ['connection.degraded'], 0],
      [misconfigured, 'action_required', [], 1],
      [usual, 'verified', ['connection.recovered'], 0],
      [misconfigured, 'action_required', [], 1],
      [scripts.wrong_passphrase?.reply, 'needs_reauth', ['connection.needs_reauth'], 0],
    ]
    const expected: string[] = []
    for (const [turn, [reply, state, news, warned]] of steps.entries()) {
      simulated.answer('endicia', reply)
      clock.forward(1)
      server.logs.length = 0
      await runNextCheck(scene, watched)
      const step = `step ${turn}`
      assert.equal(await stateOf(server, watched), state, step)
      expected.push(...news)
      assert.deepEqual(await announcedTypes(server), expected, step)
      const warnings = server.logs.filter((line) => line.includes('what the operator of this server holds'))
      assert.equal(warnings.length, warned, step)
      for (const line of warnings) {
        const { level, carrier, carrier_id } = JSON.parse(line)
        assert.deepEqual([level, carrier, carrier_id], ['warn', 'endicia', watched.id])
      }
      assert.ok(!server.logs.join('').includes('planted-by-the-carrier'))
    }
    assert.equal(await nextCheckAt(server, watched.id), undefined)
    const changes = (await auditTrail(server, watched.id)).filter(
      ([action]) => action === 'connection.checked',
    )
    assert.deepEqual(changes, Array(9).fill(['connection.checked', ['state'], 1]))
    const before = (await outbox(server)).map(({ payload }) => JSON.parse(payload).data.previous_state)
    assert.deepEqual(before, [
      'action_required',
      'action_required',
      'verified',
      'action_required',
      'action_required',
    ])
  })
