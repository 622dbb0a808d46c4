import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openSimulator } from '../../../src/simulator/server.ts'
import { databases, type DatabaseName } from '../../support/database/databases.ts'
import { openWorkspace } from '../../support/processes/workspace.ts'
import { requireFirstKeys } from '../../support/processes/first-keys.ts'
import { startProgram, waitForEnd } from '../../support/processes/run-program.ts'
import type { ServerProcess } from '../../support/processes/server-process.ts'
import { simulatorAt } from '../../support/carriers/simulator-client.ts'

const demo = fileURLToPath(new URL('../../../scripts/demo-rotation.ts', import.meta.url))

async function demonstrate(...words: string[]) {
  const { TMPDIR } = process.env
  const started = startProgram([process.execPath, demo, ...words], process.cwd(), { TMPDIR })
  const { code, stdout, stderr } = await waitForEnd(started, 60_000)
  assert.equal(stderr, '')
  return { code, told: JSON.parse(stdout) as Record<string, number> }
}

test('rotation: while a key is replaced, no reader gets one that the carrier refuses', async (t) => {
  const { code, told } = await demonstrate('--rounds', '8')
  t.diagnostic(JSON.stringify(told))
  assert.equal(told.reads_refused, 0)
  assert.equal(told.versions_used, 9)
  assert.ok((told.reads ?? 0) > 8 * 16)
  assert.equal(code, 0)
})

test('rotation: the demonstration fails where the old key is withdrawn before the update', async (t) => {
  const { code, told } = await demonstrate('--rounds', '3', '--withdraw-first')
  t.diagnostic(JSON.stringify(told))
  assert.ok((told.reads_refused ?? 0) > 0)
  assert.equal(code, 1)
})

const CARRIER = 'mondial_relay'
const PATH = `/v1/connections/carriers/${CARRIER}`
const PHASES = ['before the call', 'while it is asked', 'after its answer', 'after the commit'] as const

type Phase = (typeof PHASES)[number]
type Key = 'old' | 'new'

/** The kill comes at most so many milliseconds after the carrier's answer, so that it falls before, into and after the transaction. */
const LATEST_MS = 40

/** Opens a server that can be killed during an update at a chosen moment, and the carrier that it asks. */
async function openScene(t: TestContext, database: DatabaseName) {
  let onCall: () => Promise<void> = async () => {}
  const simulator = await openSimulator({ port: 0, asked: () => onCall() })
  t.after(simulator.close)
  const workspace = await openWorkspace(database)
  t.after(workspace.remove)
  const settings = {
    HAWSER_CARRIER_HOSTS: simulator.carrierHosts,
    HAWSER_VERIFICATION: 'required',
    HAWSER_RATE_LIMIT: 'off',
  }
  const carrier = simulatorAt(simulator.address)
  let server = await workspace.serve(settings)
  const key = requireFirstKeys(server.stdout()).production

  /** Connects an account of its own, updates it, and kills the server; returns what the PUT answered, if it did, and whether the carrier was asked. */
  const killUpdate = async (round: number, phase: Phase) => {
    const enseigne = `KILL${round}`
    const keys: Record<Key, string> = { old: `old-key-${round}`, new: `new-key-${round}` }
    const credentials = (which: Key) => ({ enseigne, api_key: keys[which] })
    await carrier.accept(CARRIER, credentials('old'))
    const body = (which: Key) => ({ nickname: enseigne, ...credentials(which) })
    const connected = await server.request('POST', PATH, { key, body: body('old') })
    assert.equal(connected.status, 200, connected.text)
    await carrier.accept(CARRIER, credentials('new'), 'beside')
    const path = `${PATH}/${connected.json.carrier_id}`

    let asked = false
    const killed = Promise.withResolvers<void>()
    const kill = () => void server.kill().then(() => killed.resolve())
    onCall = async () => {
      asked = true
      if (phase === 'while it is asked') {
        kill()
        await killed.promise
      }
      if (phase === 'after its answer') setTimeout(kill, Math.random() * LATEST_MS)
    }
    const put = server.request('PUT', path, { key, body: body('new') }).then(
      ({ status }) => status,
      () => undefined,
    )
    if (phase === 'before the call') {
      await pause(Math.random() * 10)
      kill()
    }
    const answered = await put
    if (phase === 'after the commit') kill()
    await killed.promise
    onCall = async () => {}
    server = await workspace.serve(settings)
    return { path, keys, asked, answered }
  }
  return { carrier, key, killUpdate, workspace, server: (): ServerProcess => server }
}

for (const database of databases)
  test(`rotation (${database}): kill -9 of an update between stage, verify and promote: leaves exactly one working version`, async (t) => {
    const rounds = PHASES.length * (database === 'sqlite' ? 50 : 3)
    const { carrier, key, killUpdate, workspace, server } = await openScene(t, database)
    const counts: Record<string, number> = {}
    const inForce = new Map<string, string>()
    for (let round = 0; round < rounds; round += 1) {
      const phase = PHASES[round % PHASES.length] ?? 'before the call'
      const { path, keys, asked, answered } = await killUpdate(round, phase)
      const lease = await server().request('POST', `${path}/lease`, { key })
      assert.equal(lease.status, 200, lease.text)
      const { credentials, credentials_version: version } = lease.json
      const which: Key = credentials.api_key === keys.new ? 'new' : 'old'
      assert.equal(credentials.api_key, keys[which], 'one of the two and no third')
      assert.equal(version, which === 'new' ? 2 : 1)
      assert.equal((await carrier.use(CARRIER, credentials)).outcome, 'verified')
      assert.equal(lease.json.state, 'verified')
      if (answered !== undefined) assert.equal(answered, 200)
      if (answered === 200) assert.equal(which, 'new', 'what was acknowledged is in force')
      if (phase === 'while it is asked' || !asked) assert.equal(which, 'old', 'nothing unproved is stored')
      const earlier = await server().request('POST', `${path}/rollback?verify=only`, { key })
      assert.equal(earlier.status, which === 'new' ? 200 : 409, earlier.text)
      inForce.set(path, credentials.api_key)
      const told = `${phase}: ${which}${asked ? '' : ', not asked'}`
      counts[told] = (counts[told] ?? 0) + 1
    }
    t.diagnostic(`kills (${database}): ${JSON.stringify(counts)}`)
    for (const [path, apiKey] of inForce) {
      const { json } = await server().request('POST', `${path}/lease`, { key })
      assert.equal(json.credentials.api_key, apiKey, 'later kills change nothing')
    }
    const { json } = await server().request('GET', '/v1/carriers', { key })
    assert.equal(json.carriers.length, rounds)
    await server().stop()
    const doctor = await workspace.run(['doctor'])
    assert.equal(doctor.code, 0, doctor.stderr)
    const landed = Object.keys(counts)
    for (const phase of PHASES)
      assert.ok(
        landed.some((told) => told.startsWith(phase)),
        phase,
      )
  })
