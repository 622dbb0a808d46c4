import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { scannerFor } from '../../support/leak-scanner.ts'
import { openWorkspace } from '../../support/processes/workspace.ts'
import { simulatorAt } from '../../support/carriers/simulator-client.ts'
import { watchMachineLoad } from '../../support/machine-load.ts'
import {
  connectTimed,
  CARRIER_BODIES,
  openServerAndSimulator,
  SECRET,
  startSimulator,
  type ServerAndSimulator,
} from '../../support/processes/server-and-simulator.ts'

const scanner = scannerFor([SECRET])
/** The call to a carrier may take `CARRIER_MS`; the rest of a connect may take `REST_MS`, and the rest of many connects at once `CROWD_MS`. */
const CARRIER_MS = 15_000
const REST_MS = 1_000
const CROWD_MS = 5_000
const LIST_MS = 500

/** Each row has a carrier, the script by which it misbehaves, and the outcome of asking it. */
const bad: [carrier: string, script: string, outcome: string][] = [
  ['mondial_relay', 'silent', 'unavailable'],
  ['colissimo', 'drip', 'unavailable'],
  // FedEx is asked in two calls, which would take nine seconds each if both together had no time limit.
  ['fedex', 'slow', 'unavailable'],
  ['chronopost', 'endless', 'unavailable'],
  ['chronopost', 'close', 'unavailable'],
  ['chronopost', 'wrong_length', 'unavailable'],
  ['chronopost', 'billion_laughs', 'unavailable'],
  ['chronopost', 'outside_entity', 'unavailable'],
  ['chronopost', 'page', 'unavailable'],
  ['chronopost', 'echo', 'inconclusive'],
  ['chronopost', 'echo_body', 'unavailable'],
  ['australia_post', 'echo', 'inconclusive'],
  ['australia_post', 'echo_body', 'unavailable'],
  ['canada_post', 'rate_limited', 'rate_limited'],
]

test('weather: whatever a carrier does, a connect ends within 16 seconds, is stored unverified, and tells no secret', async (t) => {
  const scene = await openServerAndSimulator(t)
  const { simulated, server, key, answers } = scene
  await simulated.accept('fedex', {
    account_number: '1',
    fedex_client_id: 'operator',
    fedex_client_secret: SECRET,
  })
  const slowness = watchMachineLoad(t)
  // The first request to a new process takes longer, and the carrier does not cause that.
  await connectTimed(scene, 'canada_post', '?verify=only')
  const slowest: Record<string, number> = {}
  const stored: string[] = []
  const inWeather = async ([carrier, script, outcome]: (typeof bad)[number]) => {
    await simulated.setWeather(carrier, script)
    const what = `${carrier}, ${script}`
    const [kept, refused, asked] = await Promise.all([
      connectTimed(scene, carrier),
      connectTimed(scene, carrier, '?verify=required'),
      connectTimed(scene, carrier, '?verify=only'),
    ])
    assert.equal(kept.status, 200, `${what}: ${kept.text}`)
    assert.match(kept.headers.get('hawser-notice') ?? '', new RegExp(`unverified_${outcome}`), what)
    assert.equal(refused.status, 502, `${what}: ${refused.text}`)
    assert.equal(asked.json.verification.outcome, outcome, what)
    slowest[script] = Math.round(Math.max(slowest[script] ?? 0, kept.ms, refused.ms, asked.ms))
    stored.push(kept.json.carrier_id)
  }
  // A carrier can follow only one script at a time.
  await Promise.all(
    Object.keys(CARRIER_BODIES).map(async (carrier) => {
      for (const each of bad.filter(([name]) => name === carrier)) await inWeather(each)
    }),
  )
  const slow = slowness()
  t.diagnostic(`weather: ${JSON.stringify({ ...slowest, machine: slow.toFixed(1) })}`)
  for (const [script, ms] of Object.entries(slowest))
    assert.ok(ms < CARRIER_MS + REST_MS * slow, `${script}: ${ms} ms`)
  assert.ok((slowest.drip ?? 0) > 14_000 && (slowest.silent ?? 0) > 9_000, 'there was weather')

  const found = await server.request('GET', '/v1/connections?state=unverified', { key })
  const ids = found.json.connections.map(({ carrier_id }: { carrier_id: string }) => carrier_id)
  assert.deepEqual(ids.sort(), stored.sort(), 'what was refused is not stored')
  answers.push(found.text, (await server.request('GET', '/v1/audit', { key })).text)
  await echoes(scene)
  await server.stop()
  assert.match(server.stdout(), /"outbound"/, 'what left is in the log')
  for (const text of [...answers, server.stdout(), server.stderr(), scene.simulator.stdout()])
    assert.equal(scanner.scan(text), undefined)
})

/** Checks, as the control, that the carrier does send the secret back in every place. */
async function echoes({ simulated, address }: ServerAndSimulator): Promise<void> {
  await simulated.setWeather('chronopost', 'echo')
  const echo = await new Promise<{ reason: string; headers: object }>((resolve, reject) => {
    const headers = { host: 'ws.chronopost.fr' }
    const sent = request(address, { method: 'POST', headers }, ({ statusMessage = '', headers: sent }) =>
      resolve({ reason: statusMessage, headers: sent }),
    )
    sent.on('error', reject).end(SECRET)
  })
  for (const workspace of [echo.reason, JSON.stringify(echo.headers)]) assert.ok(scanner.scan(workspace))
}

const CROWD = 500

test(`weather: ${CROWD} connects at once to a carrier that says nothing all end soon, while lists stay fast`, async (t) => {
  const scene = await openServerAndSimulator(t)
  const { simulated, server, key, answers } = scene
  await simulated.setWeather('chronopost', 'silent')
  const slowness = watchMachineLoad(t)
  const began = performance.now()
  let running = true
  const crowd = Promise.all(Array.from({ length: CROWD }, () => connectTimed(scene, 'chronopost'))).finally(
    () => (running = false),
  )
  const lists: number[] = []
  while (running) {
    const at = performance.now()
    const { status } = await server.request('GET', '/v1/carriers', { key })
    lists.push(performance.now() - at)
    assert.equal(status, 200)
    await pause(10)
  }
  const counts: Record<string, number> = {}
  let longest = 0
  for (const { status, ms } of await crowd) {
    counts[status] = (counts[status] ?? 0) + 1
    longest = Math.max(longest, Math.round(ms))
  }
  const ms = Math.round(performance.now() - began)
  const p99 = Math.round(lists.sort((a, b) => a - b)[Math.floor(lists.length * 0.99)] ?? NaN)
  const slow = slowness()
  const told = {
    ...counts,
    machine: slow.toFixed(1),
    ms,
    longest,
    lists: lists.length,
    p99,
    slowest: Math.round(lists.at(-1) ?? NaN),
  }
  t.diagnostic(`crowd: ${JSON.stringify(told)}`)
  assert.ok(ms < CARRIER_MS + CROWD_MS * slow, `${ms} ms`)
  assert.ok(lists.length > 100 && p99 < LIST_MS * slow, `${p99} ms`)
  assert.deepEqual(counts, { 200: CROWD }, 'each is stored, unverified')
  await server.stop()
  for (const text of [...answers, server.stdout(), server.stderr()])
    assert.equal(scanner.scan(text), undefined)
})

test('weather: the simulator ends with SIGTERM while a carrier keeps somebody waiting', async (t) => {
  const workspace = await openWorkspace('sqlite')
  t.after(workspace.remove)
  const { simulator, told } = await startSimulator(workspace)
  const simulated = simulatorAt(told.address)
  await simulated.setWeather('chronopost', 'silent')
  const waiting = simulated.use('chronopost', { account_number: '1', password: 'p' })
  await pause(100)
  simulator.child.kill('SIGTERM')
  assert.equal((await simulator.ended).code, 0)
  assert.equal((await waiting).outcome, 'unavailable')
})
