import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { TestServer } from '../../support/server/test-server.ts'
import { auditTrail } from '../../support/audit/audit-events.ts'
import { leaseToken, mintTokens, DHL_PATH, tokenRow } from '../../support/tokens/token-carrier.ts'
import { DAY, newClock } from '../../support/clock.ts'
import { connect } from '../../support/connections/connect.ts'
import { dhlBody } from '../../support/tokens/dhl-body.ts'

const clock = newClock()

/** Reads every value of every row of the tables that hold something sealed, as bytes one after another. */
async function everything({ ctx, tenantId }: TestServer): Promise<string> {
  const tables = [
    'carrier_token',
    'connection',
    'previous_credentials',
    'audit_event',
    'outbox_message',
  ] as const
  const parts: string[] = []
  for (const table of tables) {
    const rows: object[] = await ctx.store.read(tenantId, (db) => db.selectFrom(table).selectAll().execute())
    for (const value of rows.flatMap((row) => Object.values(row) as unknown[]))
      parts.push(value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value))
  }
  return parts.join('\n')
}

onEveryDatabase(
  'walls around access tokens',
  (server) => {
    test('two connections never share a token, though the account and the credentials are the same', async () => {
      const carrier = mintTokens(server())
      const tenantId = await server().newTenant()
      const key = await server().newKey({ tenantId })
      const same = dhlBody()
      const mine = await connect(server(), 'dhl_ecommerce', { body: same })
      const other = await server().request('POST', DHL_PATH, {
        body: { ...same, allow_duplicate_account_number: true },
      })
      const foreign = await connect(server(), 'dhl_ecommerce', { body: same, key })
      assert.equal(other.status, 200)
      const ids = [mine, other.json.carrier_id]
      const tokens = new Set<string>()
      for (const id of ids) tokens.add((await leaseToken(server(), id)).json.access_token.token)
      tokens.add((await leaseToken(server(), foreign, 'as=token', key)).json.access_token.token)
      assert.equal(tokens.size, ids.length + 1)
      assert.equal(carrier.asked.length, ids.length + 1)
      for (const query of ['as=token', 'as=credentials']) {
        assert.equal((await leaseToken(server(), mine, query, key)).status, 404)
        assert.equal((await leaseToken(server(), foreign, query)).status, 404)
      }
    })

    test('the token of another connection does not open here, nor with another end', async () => {
      mintTokens(server())
      const [mine, other] = [
        await connect(server(), 'dhl_ecommerce'),
        await connect(server(), 'dhl_ecommerce'),
      ]
      const theirs = await tokenRow(server(), other)
      const spoil = (set: object) =>
        server().ctx.store.transaction(server().tenantId, (tx) =>
          tx.updateTable('carrier_token').set(set).where('carrier_id', '=', mine).execute(),
        )
      const own = await tokenRow(server(), mine)
      const later = new Date(clock.now().getTime() + DAY).toISOString()
      for (const set of [{ sealed: theirs?.sealed ?? null }, { expires_at: later }, { sealed: null }]) {
        await spoil({ ...own, ...set })
        const { status, text } = await leaseToken(server(), mine)
        assert.equal(status, 500)
        assert.ok(!text.includes('minted-token'))
      }
      const actions = (await auditTrail(server(), mine)).map(([action]) => action)
      assert.equal(actions.filter((action) => action === 'integrity.violation').length, 3)
      await spoil({ ...own })
      assert.equal((await leaseToken(server(), mine)).status, 200, 'the control: as it was, it opens')
    })

    test('no token stands in the database or the log in the clear', async () => {
      const carrier = mintTokens(server())
      const id = await connect(server(), 'dhl_ecommerce')
      clock.forward(DAY)
      assert.equal((await leaseToken(server(), id)).json.access_token.token, carrier.token(2))
      const [rows, logs] = [await everything(server()), server().logs.join('')]
      assert.ok(rows.includes(id), 'the control: what is there is found')
      assert.ok(!rows.includes('minted-token'))
      assert.ok(!logs.includes('minted-token'))
    })
  },
  { clock: clock.now },
)
