import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { setImmediate as breathe } from 'node:timers/promises'
import { openSqlite } from '../src/store/sqlite.ts'
import { openHouse, type House } from '../test/support/harness.ts'

// Updates under load through the API, with the scrub of the SQLite files and without, in turns in one run: the ratio is what the scrub costs.
const ROUNDS = 6
const ROUND_MS = 5_000
const CONNECTIONS = 500
const CALLERS = 8
const PATH = '/v1/connections/carriers/stamps_com'

type Side = { name: string; house: House; ids: string[]; times: number[]; ms: number }

const body = () => ({ nickname: 'x', username: randomBytes(8).toString('hex'), password: 'a password' })

async function openSide(name: string, scrub: boolean): Promise<Side> {
  const house = await openHouse('sqlite', { rehearse: false, env: { HAWSER_VERIFICATION: 'off' } })
  if (!scrub) {
    await house.ctx.store.close()
    house.ctx.store = await openSqlite((house.env.HAWSER_DATABASE_URL ?? '').replace('sqlite:', ''), {
      scrub,
    })
  }
  const ids: string[] = []
  for (let count = 0; count < CONNECTIONS; count += 1)
    ids.push((await house.request('POST', PATH, { body: body() })).json.carrier_id)
  return { name, house, ids, times: [], ms: 0 }
}

/** Callers that update one connection after another, with a reader beside them. */
async function load(side: Side): Promise<void> {
  const { house, ids, times } = side
  const start = performance.now()
  const isOver = () => performance.now() - start > ROUND_MS
  const caller = async (first: number) => {
    for (let at = first; !isOver(); at = (at + CALLERS) % ids.length) {
      const begin = performance.now()
      const { status } = await house.request('PUT', `${PATH}/${ids[at]}`, { body: body() })
      if (status !== 200) throw new Error(`${status}`)
      times.push(performance.now() - begin)
      await breathe()
    }
  }
  const reader = async () => {
    while (!isOver()) {
      await house.request('GET', '/v1/connections?page_size=50')
      // Requests that come through no socket would leave no room for timers.
      await breathe()
    }
  }
  await Promise.all([reader(), ...Array.from({ length: CALLERS }, (_, first) => caller(first))])
  side.ms += performance.now() - start
}

const at = (times: number[], part: number) =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * part)] ?? NaN

const scrubbed = await openSide('scrubbed', true)
const plain = await openSide('not scrubbed', false)
for (let round = 0; round < ROUNDS; round += 1)
  for (const side of round % 2 === 0 ? [scrubbed, plain] : [plain, scrubbed]) await load(side)
console.log(`updates by ${CALLERS} callers, ${(ROUNDS * ROUND_MS) / 1_000} s a side, in ${tmpdir()}`)
const figures = [scrubbed, plain].map(({ name, times, ms }) => {
  const figure = { p50: at(times, 0.5), p99: at(times, 0.99), rate: (times.length / ms) * 1_000 }
  const { p50, p99, rate } = figure
  console.log(
    `  ${name.padEnd(13)} p50 ${p50.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms  ${rate.toFixed(0)} a second`,
  )
  return figure
})
const ratio = (pick: (figure: (typeof figures)[number]) => number) =>
  (figures.map(pick).reduce((a, b) => a / b) || NaN).toFixed(2)
console.log(
  `  ratio         p50 ${ratio(({ p50 }) => p50)}  p99 ${ratio(({ p99 }) => p99)}  rate ${ratio(({ rate }) => rate)}`,
)
for (const { house } of [scrubbed, plain]) await house.close()
