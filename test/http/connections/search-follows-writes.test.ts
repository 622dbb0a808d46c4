import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../../../src/store/schema/tables.ts'
import { nameKeyOf, listTerms } from '../../../src/store/tables/connections/search-terms.ts'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { TestServer } from '../../support/server/test-server.ts'
import { connectionRow, insertConnectionRows } from '../../support/database/connection-rows.ts'

const standingOf = ({ state, connection_status, checked_at, diagnosis }: Connection) =>
  connection_status === 'pending_approval'
    ? `${state}/waiting`
    : state === 'unverified' && checked_at === null && diagnosis === null
      ? 'unverified/unasked'
      : state

const UNLISTED = new Set([
  ...['credentials', 'settings', 'account_key', 'is_primary', 'created_seq', 'settings_version'],
  ...['failed_checks', 'degraded_at', 'trouble_told', 'open_shipments'],
])

/** Compares the stored values by which connections are listed, counted and searched with the values that follow from their rows. */
async function compare(server: TestServer, what: string): Promise<void> {
  const { rows, listings, terms, counts } = await server.ctx.store.read(server.tenantId, async (db) => ({
    rows: await db.selectFrom('connection').selectAll().where('tenant_id', '=', server.tenantId).execute(),
    listings: await db
      .selectFrom('connection_listing')
      .selectAll()
      .where('tenant_id', '=', server.tenantId)
      .execute(),
    terms: await db
      .selectFrom('connection_term')
      .select(['carrier_id', 'term'])
      .where('tenant_id', '=', server.tenantId)
      .execute(),
    counts: await db
      .selectFrom('connection_count')
      .select(['environment', 'carrier', 'standing', 'connections'])
      .where('tenant_id', '=', server.tenantId)
      .execute(),
  }))
  const sorted = (list: unknown[]) => list.map((one) => JSON.stringify(one)).sort()
  const wanted = rows.map((row) => {
    const shown = Object.fromEntries(Object.entries(row).filter(([name]) => !UNLISTED.has(name)))
    const since = row.state_since ?? row.created_at
    return { ...shown, partner_id: null, standing: standingOf(row), since, name_key: nameKeyOf(row.nickname) }
  })
  const inOrder = (listing: object) => Object.fromEntries(Object.entries(listing).sort())
  assert.deepEqual(sorted(listings.map(inOrder)), sorted(wanted.map(inOrder)), `${what}: listings`)
  assert.deepEqual(
    sorted(terms),
    sorted(rows.flatMap((row) => listTerms(row).map((term) => ({ carrier_id: row.carrier_id, term })))),
    `${what}: terms`,
  )
  const kinds = Map.groupBy(rows, (row) => JSON.stringify([row.environment, row.carrier, standingOf(row)]))
  assert.deepEqual(
    sorted(
      counts.map(({ environment, carrier, standing, connections }) => [
        JSON.stringify([environment, carrier, standing]),
        connections,
      ]),
    ),
    sorted([...kinds].map(([kind, all]) => [kind, all.length])),
    `${what}: counts`,
  )
}

onEveryDatabase('what connections are found by', (server) => {
  test('follows every operation on them', async () => {
    const ask = async (method: string, path: string, asked: { body?: object } = {}) => {
      const answer = await server().request(method, path, asked)
      assert.ok(answer.status < 300, `${method} ${path}: ${answer.text}`)
      await compare(server(), `${method} ${path}`)
      return answer.json
    }
    const PARCEL = '/v1/connections/carriers/dhl_express'
    const body = { ...connectBodies.dhl_express, nickname: 'Łódź Nord', account_number: unique() }
    const { carrier_id } = await ask('POST', PARCEL, { body })
    const path = `${PARCEL}/${carrier_id}`
    await ask('PUT', path, { body: { ...body, nickname: 'Zürich' } })
    await ask('PUT', path, { body: { ...body, nickname: 'Zürich' } })
    await ask('PUT', path, { body: { ...body, nickname: 'Zürich', account_number: unique('other') } })
    await ask('POST', `${path}/rollback`)
    await ask('PUT', `${path}/settings`, { body: { nickname: 'Named by a setting' } })
    await ask('PUT', `${path}/policy`, { body: { open_shipments: 'warn' } })
    await ask('DELETE', path)
    await ask('POST', `${path}/restore`)
    await ask('DELETE', `${path}?purge=true`)
    const LTL = '/v-beta/ltl/connections/ODFL'
    const credentials = { username: 'u', password: 'p', account_number: unique() }
    const { carrier_id: ltl } = await ask('POST', LTL, { body: { credentials } })
    await ask('PUT', `${LTL}/${ltl}`, { body: { credentials: { ...credentials, account_number: unique() } } })
    await ask('DELETE', `${LTL}/${ltl}`)
    await ask('POST', `${LTL}/${ltl}/restore`)
  })

  test('follows whoever writes a connection', async () => {
    const { tenantId } = server()
    const words = 'a b c d e f g h i j k l m n o p q r s t u v w x y z'.repeat(8)
    await insertConnectionRows(server(), [
      connectionRow({ tenantId }, 1, { nickname: 'One' }),
      connectionRow({ tenantId }, 2, { nickname: words.slice(0, 100), account_number: words }),
      connectionRow({ tenantId }, 3, { nickname: '東'.repeat(100), account_number: '😀'.repeat(1_000) }),
      connectionRow({ tenantId }, 4, { nickname: null, account_number: null }),
    ])
    await compare(server(), 'stored as they are')
    for (const change of [
      { state: 'needs_reauth', state_since: '2026-05-05T00:00:00.000Z' },
      { state: 'unverified', checked_at: '2026-05-06T00:00:00.000Z' },
      { state_since: '2026-05-07T00:00:00.000Z' },
      { connection_status: 'pending_approval' },
      { connection_status: 'approved', checked_at: null, state_since: null },
      { diagnosis: 'inconclusive' },
      { updated_at: '2026-05-08T00:00:00.000Z', version: 9, credentials_version: 3 },
    ] as const) {
      await server().ctx.store.transaction(tenantId, (tx) =>
        tx.updateTable('connection').set(change).execute(),
      )
      await compare(server(), JSON.stringify(change))
    }
    await server().ctx.store.transaction(tenantId, (tx) =>
      tx.deleteFrom('connection').where('carrier_id', 'like', 'se-many%').execute(),
    )
    await compare(server(), 'deleted')
  })
})
