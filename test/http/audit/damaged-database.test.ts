import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { describe, test } from 'node:test'
import { verifyChain } from '../../../src/audit/list-events.ts'
import { checkEnvelopes } from '../../../src/custody/check-envelopes.ts'
import type { SealedTable } from '../../../src/store/tables/tenants/envelopes.ts'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { databases } from '../../support/database/databases.ts'
import { openTestServer } from '../../support/server/test-server.ts'
import { tamper } from '../../support/database/tamper.ts'

const PATH = '/v1/connections/carriers/stamps_com'
const body = () => ({ nickname: 'n', username: unique('user'), password: 'p' })

const SEALED: Record<SealedTable, string> = {
  connection: 'credentials',
  deleted_connection: 'sealed',
  previous_credentials: 'credentials',
  carrier_token: 'sealed',
  sign_in: 'verifier',
  webhook_endpoint: 'sealed',
}

for (const database of databases)
  describe(`what is damaged (${database})`, () => {
    const open = async (t: { after: (end: () => Promise<void>) => void }) => {
      const server = await openTestServer(database, {
        repeatTransactions: false,
        env: { HAWSER_VERIFICATION: 'off' },
      })
      t.after(server.close)
      return server
    }

    test('damaged: a head of an audit log that is missing or wrong is found, and writes say so', async (t) => {
      const server = await open(t)
      assert.equal((await server.request('POST', PATH, { body: body() })).status, 200)
      const where = `where tenant_id = '${server.tenantId}'`
      const whole = await verifyChain(server.ctx, server.tenantId)
      assert.deepEqual([whole.brokenAt, whole.headFault], [undefined, undefined])
      for (const [change, fault] of [
        [`delete from audit_head ${where}`, 'missing'],
        [`insert into audit_head select tenant_id, seq, hash from audit_event ${where} and seq = 1`, 'wrong'],
      ] as const) {
        await tamper(server, change)
        const { events, brokenAt, headFault } = await verifyChain(server.ctx, server.tenantId)
        assert.deepEqual([events, brokenAt, headFault], [whole.events, undefined, fault])
        const refused = await server.request('POST', PATH, { body: body() })
        assert.equal(refused.status, 500)
        assert.match(
          refused.json.errors[0].message,
          /audit log of the account is damaged; nothing was changed/,
        )
        assert.match(
          server.logs.join(''),
          /the head of an audit log is missing, or does not name its newest event/,
        )
        assert.equal((await server.request('GET', '/v1/carriers')).json.carriers.length, 1)
      }
      await tamper(server, `delete from audit_head ${where}`)
      await tamper(
        server,
        `insert into audit_head select tenant_id, seq, hash from audit_event ${where} order by seq desc limit 1`,
      )
      assert.deepEqual(await verifyChain(server.ctx, server.tenantId), whole, 'mended')
      assert.equal((await server.request('POST', PATH, { body: body() })).status, 200)
    })

    test('damaged: every table with something sealed in it is looked at', async (t) => {
      const { ctx, tenantId } = await open(t)
      const columns =
        database === 'sqlite'
          ? sql<{ name: string }>`select distinct m.name from sqlite_schema m, pragma_table_info(m.name) c
              where m.type = 'table' and c.name in ('credentials', 'settings', 'sealed', 'verifier') order by 1`
          : sql<{ name: string }>`select distinct table_name as name from information_schema.columns
              where table_schema = 'public' and column_name in ('credentials', 'settings', 'sealed', 'verifier') order by 1`
      const { rows } = await ctx.store.read(tenantId, (db) => columns.execute(db))
      assert.deepEqual(
        rows.map(({ name }) => name),
        // The changes of audit events are checked in another way, event by event.
        ['audit_change', ...Object.keys(SEALED).sort()],
      )
    })

    test('damaged: every kind of envelope that does not open is found by its table and id, in parts', async (t) => {
      const server = await open(t)
      const { tenantId, ctx } = server
      const ids: string[] = []
      for (let count = 0; count < 5; count += 1)
        ids.push((await server.request('POST', PATH, { body: body() })).json.carrier_id)
      const [first = '', second = '', gone = ''] = ids
      await server.request('POST', '/v1/connections/carriers/ups', { body: connectBodies.ups })
      await server.request('PUT', `${PATH}/${first}`, { body: body() })
      await server.request('DELETE', `${PATH}/${gone}`)
      const hook = { url: 'https://hooks.example/x', event: 'carrier_connected' }
      const webhook = await server.request('POST', '/v1/environment/webhooks', { body: hook })
      const whole = await checkEnvelopes(ctx, tenantId, { part: 2 })
      assert.deepEqual(whole, { rows: 8, unreadable: [] })
      // The sealed bytes of another row take the place of these, as if somebody had moved them.
      for (const [table, column] of Object.entries(SEALED)) {
        if (table === 'carrier_token' || table === 'sign_in') continue
        const foreign = `(select credentials from connection where carrier_id = '${second}')`
        const id = table === 'webhook_endpoint' ? '' : `and carrier_id in ('${first}', '${gone}')`
        await tamper(
          server,
          `update ${table} set ${column} = ${foreign} where tenant_id = '${tenantId}' ${id}`,
        )
      }
      const { rows, unreadable } = await checkEnvelopes(ctx, tenantId)
      assert.equal(rows, 8)
      assert.deepEqual(
        unreadable.map(({ table, id }) => [table, id]),
        [
          ['connection', first],
          ['deleted_connection', gone],
          ['previous_credentials', first],
          ['webhook_endpoint', webhook.json.webhook_id],
        ],
      )
    })
  })
