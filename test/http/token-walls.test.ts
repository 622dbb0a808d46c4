import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEveryDatabase, type House } from '../support/harness.ts'
import { trail } from '../support/stored.ts'
import { body, connect, lease, mintTokens, PATH, tokenRow } from '../support/token-carrier.ts'
import { DAY, newClock } from '../support/webhooks.ts'

const clock = newClock()

/** Every value of every row of the tables that hold something sealed, as bytes one after another. */
async function everything({ ctx, tenantId }: House): Promise<string> {
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
  (house) => {
    test('two connections never share a token, though the account and the credentials are the same', async () => {
      const carrier = mintTokens(house())
      const tenantId = await house().newTenant()
      const key = await house().newKey({ tenantId })
      const same = body()
      const mine = await connect(house(), same)
      const twin = await house().request('POST', PATH, {
        body: { ...same, allow_duplicate_account_number: true },
      })
      const foreign = await connect(house(), same, key)
      assert.equal(twin.status, 200)
      const ids = [mine, twin.json.carrier_id]
      const tokens = new Set<string>()
      for (const id of ids) tokens.add((await lease(house(), id)).json.access_token.token)
      tokens.add((await lease(house(), foreign, 'as=token', key)).json.access_token.token)
      assert.equal(tokens.size, ids.length + 1)
      assert.equal(carrier.asked.length, ids.length + 1)
      for (const query of ['as=token', 'as=credentials']) {
        assert.equal((await lease(house(), mine, query, key)).status, 404)
        assert.equal((await lease(house(), foreign, query)).status, 404)
      }
    })

    test('the token of another connection does not open here, nor with another end', async () => {
      mintTokens(house())
      const [mine, other] = [await connect(house()), await connect(house())]
      const theirs = await tokenRow(house(), other)
      const spoil = (set: object) =>
        house().ctx.store.transaction(house().tenantId, (tx) =>
          tx.updateTable('carrier_token').set(set).where('carrier_id', '=', mine).execute(),
        )
      const own = await tokenRow(house(), mine)
      const later = new Date(clock.now().getTime() + DAY).toISOString()
      for (const set of [{ sealed: theirs?.sealed ?? null }, { expires_at: later }, { sealed: null }]) {
        await spoil({ ...own, ...set })
        const { status, text } = await lease(house(), mine)
        assert.equal(status, 500)
        assert.ok(!text.includes('minted-token'))
      }
      const actions = (await trail(house(), mine)).map(([action]) => action)
      assert.equal(actions.filter((action) => action === 'integrity.violation').length, 3)
      await spoil({ ...own })
      assert.equal((await lease(house(), mine)).status, 200, 'the control: as it was, it opens')
    })

    test('no token stands in the database or the log in the clear', async () => {
      const carrier = mintTokens(house())
      const id = await connect(house())
      clock.forward(DAY)
      assert.equal((await lease(house(), id)).json.access_token.token, carrier.token(2))
      const [rows, logs] = [await everything(house()), house().logs.join('')]
      assert.ok(rows.includes(id), 'the control: what is there is found')
      assert.ok(!rows.includes('minted-token'))
      assert.ok(!logs.includes('minted-token'))
    })
  },
  { clock: clock.now },
)
