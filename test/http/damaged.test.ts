import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { describe, test } from 'node:test'
import { verifyChain } from '../../src/audit/list-events.ts'
import { checkEnvelopes } from '../../src/custody/check-envelopes.ts'
import type { SealedTable } from '../../src/store/envelopes.ts'
import { connectBodies, unique } from '../support/bodies.ts'
import { databases, openHouse } from '../support/harness.ts'
import { tamper } from '../support/tamper.ts'

const PATH = '/v1/connections/carriers/stamps_com'
const body = () => ({ nickname: 'n', username: unique('user'), password: 'p' })

const SEALED: Record<SealedTable, string> = {
  connection: 'credentials',
  buried_connection: 'sealed',
  previous_credentials: 'credentials',
  carrier_token: 'sealed',
  sign_in: 'verifier',
  webhook_endpoint: 'sealed',
}

for (const database of databases)
  describe(`what is damaged (${database})`, () => {
    const open = async (t: { after: (end: () => Promise<void>) => void }) => {
      const house = await openHouse(database, { rehearse: false, env: { HAWSER_VERIFICATION: 'off' } })
      t.after(house.close)
      return house
    }

    test('damaged: a head of an audit log that is missing or wrong is found, and writes say so', async (t) => {
      const house = await open(t)
      assert.equal((await house.request('POST', PATH, { body: body() })).status, 200)
      const where = `where tenant_id = '${house.tenantId}'`
      const whole = await verifyChain(house.ctx, house.tenantId)
      assert.deepEqual([whole.brokenAt, whole.headFault], [undefined, undefined])
      for (const [change, fault] of [
        [`delete from audit_head ${where}`, 'missing'],
        [`insert into audit_head select tenant_id, seq, hash from audit_event ${where} and seq = 1`, 'wrong'],
      ] as const) {
        await tamper(house, change)
        const { events, brokenAt, headFault } = await verifyChain(house.ctx, house.tenantId)
        assert.deepEqual([events, brokenAt, headFault], [whole.events, undefined, fault])
        const refused = await house.request('POST', PATH, { body: body() })
        assert.equal(refused.status, 500)
        assert.match(
          refused.json.errors[0].message,
          /audit log of the account is damaged; nothing was changed/,
        )
        assert.match(
          house.logs.join(''),
          /the head of an audit log is missing, or does not name its newest event/,
        )
        assert.equal((await house.request('GET', '/v1/carriers')).json.carriers.length, 1)
      }
      await tamper(house, `delete from audit_head ${where}`)
      await tamper(
        house,
        `insert into audit_head select tenant_id, seq, hash from audit_event ${where} order by seq desc limit 1`,
      )
      assert.deepEqual(await verifyChain(house.ctx, house.tenantId), whole, 'mended')
      assert.equal((await house.request('POST', PATH, { body: body() })).status, 200)
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
        // What events changed is looked at by itself, event by event.
        ['audit_change', ...Object.keys(SEALED).sort()],
      )
    })

    test('damaged: every kind of envelope that does not open is found by its table and id, in parts', async (t) => {
      const house = await open(t)
      const { tenantId, ctx } = house
      const ids: string[] = []
      for (let count = 0; count < 5; count += 1)
        ids.push((await house.request('POST', PATH, { body: body() })).json.carrier_id)
      const [first = '', second = '', gone = ''] = ids
      await house.request('POST', '/v1/connections/carriers/ups', { body: connectBodies.ups })
      await house.request('PUT', `${PATH}/${first}`, { body: body() })
      await house.request('DELETE', `${PATH}/${gone}`)
      const hook = { url: 'https://hooks.example/x', event: 'carrier_connected' }
      const webhook = await house.request('POST', '/v1/environment/webhooks', { body: hook })
      const whole = await checkEnvelopes(ctx, tenantId, { part: 2 })
      assert.deepEqual(whole, { rows: 8, unreadable: [] })
      // Bytes of another row stand for what was moved.
      for (const [table, column] of Object.entries(SEALED)) {
        if (table === 'carrier_token' || table === 'sign_in') continue
        const foreign = `(select credentials from connection where carrier_id = '${second}')`
        const id = table === 'webhook_endpoint' ? '' : `and carrier_id in ('${first}', '${gone}')`
        await tamper(
          house,
          `update ${table} set ${column} = ${foreign} where tenant_id = '${tenantId}' ${id}`,
        )
      }
      const { rows, unreadable } = await checkEnvelopes(ctx, tenantId)
      assert.equal(rows, 8)
      assert.deepEqual(
        unreadable.map(({ table, id }) => [table, id]),
        [
          ['connection', first],
          ['buried_connection', gone],
          ['previous_credentials', first],
          ['webhook_endpoint', webhook.json.webhook_id],
        ],
      )
    })
  })
