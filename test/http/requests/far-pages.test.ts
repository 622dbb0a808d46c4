import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Tx } from '../../../src/store/db.ts'
import { PART } from '../../../src/store/pages.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { TestServer } from '../../support/server/test-server.ts'
import { connectionRow, insertConnectionRows } from '../../support/database/connection-rows.ts'
import { createWebhook } from '../../support/webhooks/create-webhook.ts'

const MANY = 2 * PART + 321
const SIZE = 25
const AT_ONCE = 200
const numbers = Array.from({ length: MANY }, (_, number) => number)
const nameOf = (number: number) => `${number}`.padStart(6, '0')
/** Returns the time of a number; seven numbers share each time, so that the order of rows with one time counts too. */
const timeOf = (number: number) =>
  new Date(Date.UTC(2026, 0, 1) + Math.floor(number / 7) * 1_000).toISOString()
const day = (number: number) => timeOf(number).slice(0, 10)

async function insert<Row>(
  server: TestServer,
  rows: readonly Row[],
  write: (tx: Tx, part: Row[]) => Promise<unknown>,
) {
  for (let at = 0; at < rows.length; at += AT_ONCE)
    await server.ctx.store.transaction(server.tenantId, (tx) => write(tx, rows.slice(at, at + AT_ONCE)))
}

/** Each list is longer than one statement reads; its entry says how to fill it, where to ask for it, and its ids in order. */
const lists: Record<
  string,
  {
    fill: (server: TestServer) => Promise<{ path: string; ids: string[] }>
    idsOf: (json: any) => string[]
  }
> = {
  'attempts of a webhook': {
    fill: async (server) => {
      const { id } = await createWebhook(server, { url: 'https://a.example/' })
      const own = { tenant_id: server.tenantId, environment: 'production' as const }
      await insert(server, numbers, async (tx, part) => {
        const of = (number: number) => ({ message_id: `msg_${nameOf(number)}`, created_at: timeOf(number) })
        await tx
          .insertInto('outbox_message')
          .values(part.map((number) => ({ ...own, ...of(number), type: 'carrier_connected', payload: '{}' })))
          .execute()
        await tx
          .insertInto('webhook_delivery')
          .values(
            part.map((number) => ({
              ...{ ...own, ...of(number), webhook_id: id, state: 'delivered' as const },
              ...{ attempts: 1, next_at: timeOf(number), fence: 0 },
            })),
          )
          .execute()
      })
      return {
        path: `/v1/environment/webhooks/${id}/attempts?`,
        ids: numbers.map((number) => `msg_${nameOf(number)}`).reverse(),
      }
    },
    idsOf: ({ attempts }) => attempts.map(({ message_id }: { message_id: string }) => message_id),
  },
  'deleted connections': {
    fill: async (server) => {
      await insert(server, numbers, (tx, part) =>
        tx
          .insertInto('tombstone')
          .values(
            part.map((number) => ({
              ...{ tenant_id: server.tenantId, environment: 'production' as const },
              ...{ carrier_id: `se-${nameOf(number)}`, carrier: 'ups', scac: null, nickname: null },
              ...{ created_at: timeOf(0), deleted_at: timeOf(number), erased_at: timeOf(number) },
            })),
          )
          .execute(),
      )
      return {
        path: '/v1/connections/tombstones?',
        ids: numbers.map((number) => `se-${nameOf(number)}`).reverse(),
      }
    },
    idsOf: ({ tombstones }) => tombstones.map(({ carrier_id }: { carrier_id: string }) => carrier_id),
  },
  'labels of a time': {
    fill: async (server) => {
      await insert(server, numbers, (tx, part) =>
        tx
          .insertInto('label')
          .values(
            part.map((number) => ({
              ...{ tenant_id: server.tenantId, environment: 'production' as const },
              ...{ label_id: `se-${nameOf(number)}`, carrier_id: 'se-1', carrier: 'ups' },
              ...{ tracking_number: nameOf(number), status: 'completed' as const, ship_date: day(number) },
              ...{ warehouse_id: null, service_code: null, external_shipment_id: null },
              ...{ created_at: timeOf(number), modified_at: timeOf(number), voided_at: null },
              ...{ manifest_id: null },
            })),
          )
          .execute(),
      )
      return {
        path: `/v1/labels?created_at_start=${timeOf(0)}&sort_dir=asc&`,
        ids: numbers.map((number) => `se-${nameOf(number)}`),
      }
    },
    idsOf: ({ labels }) => labels.map(({ label_id }: { label_id: string }) => label_id),
  },
  manifests: {
    fill: async (server) => {
      await insert(server, numbers, (tx, part) =>
        tx
          .insertInto('manifest')
          .values(
            part.map((number) => ({
              ...{ tenant_id: server.tenantId, environment: 'production' as const },
              ...{ manifest_id: `se-${nameOf(number)}`, carrier_id: 'se-2', warehouse_id: null },
              ...{ ship_date: day(number), shipments: 1, submission_id: null, download: null },
              ...{ created_at: timeOf(number), recorded_at: timeOf(number) },
            })),
          )
          .execute(),
      )
      return { path: '/v1/manifests?', ids: numbers.map((number) => `se-${nameOf(number)}`).reverse() }
    },
    idsOf: ({ manifests }) => manifests.map(({ manifest_id }: { manifest_id: string }) => manifest_id),
  },
  'events of the audit log': {
    fill: async (server) => {
      const { tenantId } = server
      const head = await server.ctx.store.read(tenantId, (db) =>
        db
          .selectFrom('audit_head')
          .select(['seq', 'hash'])
          .where('tenant_id', '=', tenantId)
          .executeTakeFirstOrThrow(),
      )
      await insert(server, numbers, (tx, part) =>
        tx
          .insertInto('audit_event')
          .values(
            part.map((number) => ({
              ...{ tenant_id: tenantId, seq: head.seq + 1 + number, at: timeOf(number) },
              ...{
                environment: 'production' as const,
                actor: 'cli',
                action: 'key.revoked',
                carrier_id: null,
              },
              ...{ subject: null, fields: '[]', version: null, outcome: 'succeeded', request_id: null },
              ...{ ip: null, envelope_hash: null, prev_hash: head.hash, hash: head.hash },
            })),
          )
          .execute(),
      )
      return {
        path: `/v1/audit?until=${timeOf(MANY + 7)}&`,
        ids: numbers.map((number) => `${head.seq + 1 + number}`).reverse(),
      }
    },
    idsOf: ({ events }) => events.map(({ seq }: { seq: number }) => `${seq}`),
  },
}

onEveryDatabase(
  'far pages',
  (server) => {
    for (const [name, { fill, idsOf }] of Object.entries(lists))
      test(`of the ${name} are the right ones, and their number is`, async () => {
        const { path, ids } = await fill(server())
        const last = Math.ceil(MANY / SIZE)
        for (const page of [1, 2, PART / SIZE, PART / SIZE + 1, (2 * PART) / SIZE + 1, last]) {
          const { status, json } = await server().request('GET', `${path}page=${page}&page_size=${SIZE}`)
          assert.equal(status, 200)
          assert.deepEqual(idsOf(json), ids.slice((page - 1) * SIZE, page * SIZE), `page ${page}`)
          assert.deepEqual([json.total, json.pages], [MANY, last])
        }
        const beyond = await server().request('GET', `${path}page=${last + 1}&page_size=${SIZE}`)
        assert.deepEqual(idsOf(beyond.json), [])
        assert.equal(beyond.json.total, MANY)
      })

    test('of connected carriers are the right ones, and beyond them is none', async () => {
      const ids = numbers.map((number) => `se-many${number + 1}`)
      await insertConnectionRows(
        server(),
        numbers.map((number) => connectionRow(server(), number + 1)),
      )
      for (const page of [
        1,
        2,
        PART / SIZE,
        PART / SIZE + 1,
        (2 * PART) / SIZE + 1,
        Math.ceil(MANY / SIZE) + 1,
      ]) {
        const { json } = await server().request('GET', `/v2/carriers?page=${page}&page_size=${SIZE}`)
        assert.deepEqual(
          json.carriers.map(({ carrier_id }: { carrier_id: string }) => carrier_id),
          ids.slice((page - 1) * SIZE, page * SIZE),
          `page ${page}`,
        )
      }
    })

    test('labels of more connections than one statement sums are all counted', async () => {
      const own = { tenant_id: server().tenantId, environment: 'production' as const }
      const none = { processing: 0, completed: 0, error: 0, voided: 0, open: 0 }
      const before = (await server().request('GET', '/v1/labels?warehouse_id=se-w')).json.total
      await insert(server(), numbers, (tx, part) =>
        tx
          .insertInto('label_count')
          .values(
            part.flatMap((number) =>
              ['', 'a'].map((service_code) => ({
                ...{ ...own, ...none, carrier_id: `se-n${nameOf(number)}`, warehouse_id: 'se-w' },
                ...{ service_code, completed: number % 5, error: 1 },
              })),
            ),
          )
          .execute(),
      )
      const completed = numbers.reduce((sum, number) => sum + (number % 5), 0)
      const totalOf = async (query: string) =>
        (await server().request('GET', `/v1/labels?warehouse_id=se-w${query}`)).json.total - before
      assert.equal(await totalOf(''), 2 * (completed + MANY))
      assert.equal(await totalOf('&label_status=error'), 2 * MANY)
      assert.equal(await totalOf('&carrier_id=se-n000004'), 2 * (4 + 1))
    })

    test('and manifests of more labels than one question reads show all of them', async () => {
      const { tenantId } = server()
      const environment = 'production' as const
      const shares = { 'se-0000-a': 3, 'se-0000-b': MANY, 'se-0000-c': 2 }
      let next = 0
      const labels = Object.entries(shares).flatMap(([manifest_id, count]) =>
        Array.from({ length: count }, () => ({ manifest_id, label_id: `se-in-${nameOf(next++)}` })),
      )
      await insert(server(), Object.entries(shares), (tx, part) =>
        tx
          .insertInto('manifest')
          .values(
            part.map(([manifest_id, shipments]) => ({
              ...{ tenant_id: tenantId, environment, manifest_id, carrier_id: 'se-3', warehouse_id: null },
              ...{ ship_date: day(0), shipments, submission_id: null, download: null },
              ...{ created_at: timeOf(0), recorded_at: timeOf(0) },
            })),
          )
          .execute(),
      )
      await insert(server(), labels, (tx, part) =>
        tx
          .insertInto('label')
          .values(
            part.map((label) => ({
              ...{ tenant_id: tenantId, environment, carrier_id: 'se-3', carrier: 'ups', ...label },
              ...{ tracking_number: label.label_id, status: 'completed' as const, ship_date: day(0) },
              ...{ warehouse_id: null, service_code: null, external_shipment_id: null },
              ...{ created_at: timeOf(0), modified_at: timeOf(0), voided_at: null },
            })),
          )
          .execute(),
      )
      const { json } = await server().request('GET', '/v1/manifests?carrier_id=se-3')
      for (const { manifest_id, label_ids } of json.manifests)
        assert.deepEqual(
          label_ids,
          labels.filter((label) => label.manifest_id === manifest_id).map(({ label_id }) => label_id),
        )
      assert.equal(json.manifests.length, 3)
    })
  },
  { repeatTransactions: false },
)
