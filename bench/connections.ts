import { randomInt } from 'node:crypto'
import { STATES } from '../src/connections/carrier/verification-result.ts'
import { findConnections, type SearchQuery, type SearchScope } from '../src/connections/search.ts'
import type { Actor, Scope } from '../src/context.ts'
import { insertTerms } from '../src/store/tables/connections/connection-terms.ts'
import { changeConnection } from '../src/store/tables/connections/connections.ts'
import type { NewConnection } from '../src/store/schema/tables.ts'
import { operator } from '../src/tenants/operator.ts'
import { grants } from '../src/tenants/scopes.ts'
import { runAsOwner } from '../test/support/database/databases.ts'
import { openTestServer, type TestServer } from '../test/support/server/test-server.ts'
import { connectionRow } from '../test/support/database/connection-rows.ts'
import { startPostgres } from '../test/support/database/postgres-server.ts'

// `node bench/connections.ts [--postgres] [--few=10000] [--many=1000000] [--accounts=100]` measures how long it takes to find connections.
// It measures a partner with few connections and a partner with many, in turn in one run: one account searches its half of them,
// and the partner searches all of them.
const flag = (name: string, usual: number) =>
  Number(process.argv.find((word) => word.startsWith(`--${name}=`))?.split('=')[1] ?? usual)
const isPostgres = process.argv.includes('--postgres')
const sizes = { few: flag('few', 10_000), many: flag('many', 1_000_000) }
const ACCOUNTS = flag('accounts', 100)
const ROUNDS = 31
const BATCH = 2_000

type Side = {
  server: TestServer
  account: Actor
  partner: Actor
  count: number
  deep: Map<string, SearchQuery['after']>
}

const CARRIERS = [
  'stamps_com',
  'ups',
  'dhl_express',
  'mondial_relay',
  'access_worldwide',
  'fedex',
  'chronopost',
]
const WORDS = ['Acme', 'Łódź', 'Zürich', 'Nord', 'Berlin', 'Outlet', 'Books', 'Garden', 'Söhne', 'Tools']
const pick = <T>(list: readonly T[]): T => list[randomInt(list.length)] as T

/** Stores accounts of one partner, the first with half of all connections, of which nine in ten are verified and one in a thousand needs attention. */
async function fill(count: number): Promise<Side> {
  const server = await openTestServer(isPostgres ? 'postgres' : 'sqlite', {
    repeatTransactions: false,
    env: { HAWSER_LOG_LEVEL: 'fatal' },
  })
  const partnerId = await server.newTenant('a partner')
  const key = await server.newKey({ tenantId: partnerId, scopes: ['partner'] })
  const accounts: string[] = []
  for (let turn = 0; turn < ACCOUNTS; turn += 1) {
    const body = { company_name: `Merchant ${turn}`, origin_country_code: 'US' }
    accounts.push((await server.request('POST', '/v1/partners/accounts', { key, body })).json.account_id)
  }
  for (const [index, tenantId] of accounts.entries()) {
    const own = Math.floor(count / 2 / (index === 0 ? 1 : ACCOUNTS - 1))
    for (let done = 0; done < own; done += BATCH) {
      const rows = Array.from({ length: Math.min(BATCH, own - done) }, (_, at) =>
        rowFor(tenantId, index * count + done + at),
      )
      await server.ctx.store.transaction(tenantId, async (tx) => {
        for (let part = 0; part < rows.length; part += 200)
          await tx
            .insertInto('connection')
            .values(rows.slice(part, part + 200))
            .execute()
        await insertTerms(
          tx,
          rows.map((row) => ({ ...named(row), partner_id: partnerId })),
        )
      })
    }
  }
  if (isPostgres) await runAsOwner(server.env.HAWSER_DATABASE_URL ?? '', 'vacuum analyze')
  const actor = (tenantId: string, scope: Scope): Actor => ({
    ...{ ...operator('cli', { environment: 'production' }), tenantId, scopes: grants([scope]) },
  })
  const [account, partner] = [actor(accounts[0] ?? '', 'read'), actor(partnerId, 'partner')]
  return { server, account, partner, count, deep: new Map() }
}

const named = ({ tenant_id, environment, carrier_id, nickname, account_number }: NewConnection) => ({
  ...{ tenant_id, environment, carrier_id },
  ...{ nickname: nickname ?? null, account_number: account_number ?? null },
})

function rowFor(tenantId: string, number: number): NewConnection {
  const chance = randomInt(1_000)
  const state =
    chance < 900 ? 'verified' : chance < 1 + 998 ? pick(STATES.slice(1, 3)) : pick(STATES.slice(3))
  return connectionRow({ tenantId }, number, {
    ...{ carrier: pick(CARRIERS), state, nickname: `${pick(WORDS)} ${pick(WORDS)} ${number}` },
    ...{
      carrier_id: `se-${randomInt(2 ** 40).toString(32)}${number.toString(32)}`,
      account_number: `A${number}`,
    },
    ...(state === 'verified' ? { checked_at: '2026-03-01T00:00:00.000Z' } : {}),
  })
}

const BY_AGE = { by: 'since', direction: 'asc' } as const
const question = (search: SearchScope, more: Partial<SearchQuery> = {}): SearchQuery => ({
  ...{ isPartner: false, search, order: BY_AGE, page: 1, size: 50, after: undefined, ...more },
})
const COUNTS = question({ states: ['action_required'] }, { size: 1 })
const NAME = { by: 'name_key', direction: 'asc' } as const

const QUESTIONS: [name: string, of: (side: Side) => SearchQuery][] = [
  ['list', () => question({})],
  ['list by nickname', () => question({}, { order: NAME })],
  ['list, newest first', () => question({}, { order: { by: 'created_at', direction: 'desc' } })],
  ['behind the middle', (side) => question({}, { order: NAME, after: middleOf(side) })],
  ['two states', () => question({ states: ['needs_reauth', 'action_required'] })],
  ['attention', () => question({ attention: true })],
  ['not to be asked', () => question({ unverified: ['cannot_be_asked'] })],
  ['a carrier', () => question({ carrier: 'ups' })],
  [
    'a carrier, two states, by nickname',
    () => question({ carrier: 'ups', states: ['needs_reauth', 'degraded'] }, { order: NAME }),
  ],
  ['an account number', ({ count }) => question({ words: [`a${randomInt(Math.floor(count / 2))}`] })],
  [
    'two words and a number',
    ({ count }) => question({ words: ['acme', `a${randomInt(Math.floor(count / 2))}`] }),
  ],
  ['a word of many', () => question({ words: ['acme'] })],
  ['counts', () => COUNTS],
]

const middleOf = ({ server: _house, count }: Side) => ({
  ...{ key: '0garden nord', carrierId: '', tenantId: `${count}` },
})

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN

/** Measures how long a page takes, and the longest time in which no other work got a turn. */
async function timed(work: () => Promise<unknown>): Promise<{ took: number; held: number }> {
  let last = performance.now()
  let held = 0
  let isOver = false
  const tick = () => {
    const now = performance.now()
    held = Math.max(held, now - last)
    last = now
    if (!isOver) setImmediate(tick)
  }
  const start = performance.now()
  setImmediate(tick)
  await work()
  const took = performance.now() - start
  tick()
  isOver = true
  return { took, held }
}

const postgres = isPostgres ? await startPostgres({ durable: true }) : undefined
if (postgres) process.env.HAWSER_TEST_POSTGRES_URL = postgres.url
const few = await fill(sizes.few)
const many = await fill(sizes.many)
console.log(
  `connections of one partner, ${isPostgres ? 'PostgreSQL' : 'SQLite'}; medians in ms, and the longest hold of the loop`,
)
const columns = (...words: string[]) => words.map((word) => word.padStart(12)).join('')
console.log(''.padEnd(46) + columns(`${sizes.few}`, `${sizes.many}`, 'ratio', 'held'))
const print = (name: string, took: { few: number[]; many: number[] }, held: number) => {
  const [low, high] = [median(took.few), median(took.many)]
  console.log(
    name.padEnd(46) + columns(low.toFixed(3), high.toFixed(3), (high / low).toFixed(2), held.toFixed(1)),
  )
}
for (const isPartner of [false, true])
  for (const [name, of] of QUESTIONS) {
    const took: { few: number[]; many: number[] } = { few: [], many: [] }
    let longest = 0
    for (let round = -5; round < ROUNDS; round += 1)
      for (const [size, side] of [
        ['few', few],
        ['many', many],
      ] as const) {
        const actor = isPartner ? side.partner : side.account
        const { took: ms, held } = await timed(() => findConnections(side.server.ctx, actor, of(side)))
        if (round < 0) continue
        took[size].push(ms)
        if (size === 'many') longest = Math.max(longest, held)
      }
    print(`${isPartner ? 'partner' : 'account'}: ${name}`, took, longest)
  }
const renamed: { few: number[]; many: number[] } = { few: [], many: [] }
for (let round = -5; round < ROUNDS; round += 1)
  for (const [size, { server, account }] of [
    ['few', few],
    ['many', many],
  ] as const) {
    const { connections } = await findConnections(server.ctx, account, question({}, { size: 1, order: NAME }))
    const [{ connection }] = connections as [(typeof connections)[number]]
    const key = { ...account, carrierId: connection.carrier_id }
    const { took } = await timed(() =>
      server.ctx.store.transaction(account.tenantId, (tx) =>
        changeConnection(tx, key, connection.version, {
          nickname: `${pick(WORDS)} ${round}`,
          updated_at: new Date().toISOString(),
        }),
      ),
    )
    if (round >= 0) renamed[size].push(took)
  }
print('a rename', renamed, 0)
await few.server.close()
await many.server.close()
await postgres?.stop()
