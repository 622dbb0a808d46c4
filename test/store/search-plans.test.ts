import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import pg from 'pg'
import { findConnections, type SearchQuery } from '../../src/connections/search.ts'
import { STATES } from '../../src/connections/carrier/verification-result.ts'
import { operator } from '../../src/tenants/operator.ts'
import { grants } from '../../src/tenants/scopes.ts'
import { runAsOwner, databases, type DatabaseName } from '../support/database/databases.ts'
import { openTestServer, type TestServer } from '../support/server/test-server.ts'
import { connectionRow, insertConnectionRows } from '../support/database/connection-rows.ts'

const CARRIERS = ['ups', 'stamps_com', 'dhl_express', 'access_worldwide']
const BY_AGE = { by: 'since', direction: 'asc' } as const
const asks = (search: SearchQuery['search'], more: Partial<SearchQuery> = {}): SearchQuery => ({
  ...{ search, order: BY_AGE, page: 1, size: 50, after: undefined, ...more },
})
const behind = { key: '2026-01-01T00:10:00.000Z', carrierId: 'se-many600', tenantId: 'se-0' }

/** Each row has a question and the index that has to answer it; for the accounts of a partner, that index begins with the partner. */
const QUESTIONS: [SearchQuery, ...indexes: RegExp[]][] = [
  [asks({}), /listing_OWNER_since/],
  [asks({}, { after: behind }), /listing_OWNER_since/],
  [asks({}, { order: { by: 'since', direction: 'desc' }, after: behind }), /listing_OWNER_since/],
  [asks({}, { order: { by: 'created_at', direction: 'asc' } }), /listing_OWNER_created/],
  [
    asks({}, { order: { by: 'name_key', direction: 'desc' }, after: { ...behind, key: '0shop 6' } }),
    /listing_OWNER_name/,
  ],
  [asks({ states: ['needs_reauth', 'degraded'] }), /listing_OWNER_since/],
  [asks({ attention: true }, { order: { by: 'name_key', direction: 'asc' } }), /listing_OWNER_name/],
  [asks({ carrier: 'ups' }), /listing_OWNER_carrier_since/],
  [
    asks({ carrier: 'ups' }, { order: { by: 'created_at', direction: 'desc' } }),
    /listing_OWNER_carrier_created/,
  ],
  [
    asks({ unverified: ['needs_setting'] }, { order: { by: 'name_key', direction: 'asc' } }),
    /listing_OWNER_carrier_name/,
  ],
  [asks({ olderThan: '2026-01-01T00:20:00.000Z' }), /listing_OWNER_since/],
  [asks({ olderThan: '2026-01-01T00:20:00.000Z', carrier: 'ups' }), /listing_OWNER_carrier_since/],
  [asks({ words: ['acc17'] }), /connection_term_OWNER/],
  [asks({ words: ['shop', 'acc17'] }), /connection_term_OWNER/],
  // So many connections have this word that the database reads the list instead.
  [asks({ words: ['shop'] }, { order: { by: 'created_at', direction: 'asc' } }), /listing_OWNER_created/],
]

/** Makes two accounts of a partner, and one account of another partner. */
async function fill(server: TestServer) {
  const accounts: string[] = []
  for (const [tenantId, count] of [
    [server.tenantId, 2_200],
    [server.tenantId, 700],
    [await server.newTenant('another partner'), 700],
  ] as const) {
    const key = await server.newKey({ tenantId, scopes: ['partner'] })
    const body = { company_name: 'A merchant', origin_country_code: 'US' }
    const { json } = await server.request('POST', '/v1/partners/accounts', { key, body })
    const start = accounts.length * 10_000
    accounts.push(json.account_id as string)
    const rows = Array.from({ length: count }, (_, number) =>
      connectionRow({ tenantId: json.account_id }, start + number, {
        carrier: CARRIERS[number % CARRIERS.length] ?? '',
        state: STATES[number % STATES.length] ?? 'verified',
      }),
    )
    await insertConnectionRows(server, rows)
  }
  const actor = operator('cli', { environment: 'production' })
  return {
    account: { ...actor, scopes: grants(['admin']), tenantId: accounts[0] ?? '' },
    partner: { ...actor, tenantId: server.tenantId },
  }
}

type Statement = { text: string; values: unknown[] }

/** Collects the statements that the driver of a database is given, until what it answers is called. */
function listen(database: DatabaseName, heard: Statement[]): () => void {
  const [driver, name] = database === 'sqlite' ? [DatabaseSync, 'prepare'] : [pg.Client, 'query']
  const { prototype } = driver as { prototype: object }
  const original = Reflect.get(prototype, name) as (...given: unknown[]) => unknown
  Reflect.set(prototype, name, function (this: unknown, ...given: unknown[]) {
    const [text, values] = given
    if (typeof text === 'string') heard.push({ text, values: Array.isArray(values) ? values : [] })
    return original.apply(this, given)
  })
  return () => void Reflect.set(prototype, name, original)
}

/** Turns off the automatic vacuum of PostgreSQL, which would change the costs, and so the plans, of tables this small while the test runs. */
async function keepFromVacuum({ database, env }: TestServer): Promise<void> {
  if (database !== 'postgres') return
  for (const table of ['connection_listing', 'connection_count', 'connection_term'])
    await runAsOwner(env.HAWSER_DATABASE_URL ?? '', `alter table ${table} set (autovacuum_enabled = false)`)
}

/** Returns a function that returns the plan of a database for a statement, line by line. */
async function explainer(server: TestServer, settings: string) {
  const url = server.env.HAWSER_DATABASE_URL ?? ''
  if (server.database === 'sqlite') {
    const db = new DatabaseSync(url.slice('sqlite:'.length))
    return {
      explain: async ({ text }: Statement) =>
        db
          .prepare(`explain query plan ${text}`)
          .all(...Array<string>(text.split('?').length - 1).fill('1'))
          .map(({ detail }) => String(detail))
          .join('\n'),
      end: async () => db.close(),
    }
  }
  await runAsOwner(url, 'analyze')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  // PostgreSQL would read all of so few rows, and the test asks only whether it can use the index.
  await client.query(
    `set role hawser_app; set enable_seqscan = off; set enable_bitmapscan = off; ${settings}`,
  )
  return {
    explain: async ({ text, values }: Statement) =>
      (await client.query(`explain ${text}`, values)).rows.map((row) => String(row['QUERY PLAN'])).join('\n'),
    end: () => client.end(),
  }
}

for (const database of databases)
  for (const owner of ['tenant', 'partner'] as const)
    test(`${database}: each question about the connections of a ${owner} is a range of an index`, async (t) => {
      const server = await openTestServer(database, { repeatTransactions: false })
      await keepFromVacuum(server)
      const { account, partner } = await fill(server)
      const isPartner = owner === 'partner'
      const settings = isPartner
        ? `set hawser.crossing = 'partner_connections'; set hawser.environment = 'production'; set hawser.partner = '${partner.tenantId}'`
        : `set hawser.tenant = '${account.tenantId}'`
      const { explain, end } = await explainer(server, settings)
      t.after(async () => {
        await end()
        await server.close()
      })
      // SQLite is given each statement only once, and keeps it, so the test remembers the plans.
      const known: string[] = []
      for (const [question, ...indexes] of QUESTIONS) {
        const heard: Statement[] = []
        const stop = listen(database, heard)
        const { connections } = await findConnections(server.ctx, isPartner ? partner : account, {
          ...question,
        })
        stop()
        assert.ok(connections.length > 0, JSON.stringify(question))
        const about = heard.filter(({ text }) => /^(select|with)/.test(text) && text.includes('connection_'))
        const plans = await Promise.all(about.map(explain))
        for (const plan of plans) {
          assert.doesNotMatch(plan, /SCAN connection_|Seq Scan on connection_/, plan)
          // A search by the account and its environment alone would read everything that an account has.
          assert.doesNotMatch(plan, /SEARCH connection_listing .*\(\w+=\? AND environment=\?\)/, plan)
        }
        known.push(...plans)
        for (const index of indexes)
          assert.match(
            known.join('\n'),
            new RegExp(index.source.replace('OWNER', owner)),
            JSON.stringify(question),
          )
      }
    })
