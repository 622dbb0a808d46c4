import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openSimulator } from '../src/simulator/server.ts'
import { openWorkspace } from '../test/support/processes/workspace.ts'
import { requireFirstKeys } from '../test/support/processes/first-keys.ts'
import { simulatorAt } from '../test/support/carriers/simulator-client.ts'

// `node scripts/demo-rotation.ts [--rounds 30] [--withdraw-first]` lets readers lease a connection's credentials and use them
// at the simulated carrier without a pause, while the API key is replaced first at the carrier and then in Hawser. It exits
// with 1 when the carrier refused one read.
//
// To replace a key without a gap, the carrier has to accept the old and the new one together for a while: at least until
// every lease of the old one has lapsed. Here a lease lasts as long as one read, so the old key is withdrawn when
// every read that began before Hawser answered the PUT has ended. Where a carrier knows one key at a time, nobody can close
// the gap between the change there and the PUT: --withdraw-first shows it, and that this demonstration can fail.
const HELP = `Usage: npm run -s demo:rotation -- [--rounds <number>] [--withdraw-first]

Replaces the API key of a connection again and again while readers lease it and use it at a simulated carrier.
Prints how many reads there were and how many the carrier refused; exits with 1 when it refused one.

  --rounds <number>  How often the key is replaced; 30 unless it says otherwise.
  --withdraw-first   Withdraw the old key at the carrier before it is replaced here: shows the gap that nobody can close.
`
const read = () =>
  parseArgs({
    options: {
      rounds: { type: 'string', default: '30' },
      'withdraw-first': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }).values
const options = readOrRefuse()
if (options.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
const ROUNDS = Number(options.rounds)
const READERS = 4
/** This is how often each state of a round is read before the next one. */
const READS = 8
const CARRIER = 'mondial_relay'
const PATH = `/v1/connections/carriers/${CARRIER}`

const simulator = await openSimulator({ port: 0 })
const workspace = await openWorkspace('sqlite')
try {
  process.exitCode = await demonstrate()
} finally {
  await workspace.remove()
  await simulator.close()
}

function readOrRefuse(): ReturnType<typeof read> {
  try {
    const values = read()
    if (/^[1-9]\d{0,4}$/.test(values.rounds)) return values
  } catch {
    // The help says what is wrong with an option.
  }
  process.stderr.write(`These options are not as they should be.\n\n${HELP}`)
  process.exit(2)
}

async function demonstrate(): Promise<number> {
  const carrier = simulatorAt(simulator.address)
  const server = await workspace.serve({
    HAWSER_CARRIER_HOSTS: simulator.carrierHosts,
    HAWSER_VERIFICATION: 'required',
    HAWSER_RATE_LIMIT: 'off',
  })
  const key = requireFirstKeys(server.stdout()).production
  const credentials = (round: number) => ({ enseigne: 'ROTATION', api_key: `private-key-of-round-${round}` })
  const body = (round: number) => ({ nickname: 'Rotation', ...credentials(round) })
  await carrier.accept(CARRIER, credentials(0))
  const connected = await server.request('POST', PATH, { key, body: body(0) })
  if (connected.status !== 200) throw new Error(`connect: ${connected.status} ${connected.text}`)
  const path = `${PATH}/${connected.json.carrier_id}`

  const seen = { reads: 0, refused: 0, versions: new Set<number>(), slowestMs: 0 }
  const read = async () => {
    const began = performance.now()
    const lease = await server.request('POST', `${path}/lease`, { key })
    const answer = lease.status === 200 ? await carrier.use(CARRIER, lease.json.credentials) : undefined
    seen.reads += 1
    if (answer?.outcome !== 'verified') seen.refused += 1
    else seen.versions.add(lease.json.credentials_version)
    seen.slowestMs = Math.max(seen.slowestMs, Math.round(performance.now() - began))
  }
  let running = true
  const underWay = new Set<Promise<void>>()
  const readers = Array.from({ length: READERS }, async () => {
    while (running) {
      const reading = read().finally(() => underWay.delete(reading))
      underWay.add(reading)
      await reading
    }
  })
  const moreReads = async () => {
    const enough = seen.reads + READS
    while (seen.reads < enough) await Promise.race([...underWay, pause(20)])
  }

  const replace = async (round: number) => {
    const { status, text } = await server.request('PUT', path, { key, body: body(round) })
    if (status !== 200) throw new Error(`update: ${status} ${text}`)
  }
  for (let round = 1; round <= ROUNDS; round += 1) {
    const isGap = options['withdraw-first']
    await carrier.accept(CARRIER, credentials(round), isGap ? 'only' : 'beside')
    await moreReads()
    await replace(round)
    await Promise.all([...underWay])
    await carrier.accept(CARRIER, credentials(round))
    await moreReads()
  }
  running = false
  await Promise.all(readers)
  const { code } = await server.stop()
  const { reads, refused, versions, slowestMs } = seen
  console.log(
    JSON.stringify({
      carrier: CARRIER,
      order: options['withdraw-first'] ? 'withdrawn before the PUT' : 'withdrawn after the PUT',
      rounds: ROUNDS,
      reads,
      reads_refused: refused,
      versions_used: versions.size,
      slowest_read_ms: slowestMs,
    }),
  )
  return refused === 0 && versions.size === ROUNDS + 1 && code === 0 ? 0 : 1
}
