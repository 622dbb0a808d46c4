import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { checkClaimed } from '../../src/connections/check.ts'
import { claimToken, settleToken } from '../../src/connections/token-claim.ts'
import type { Actor } from '../../src/context.ts'
import type { Proof } from '../../src/connections/findings.ts'
import { unique } from '../support/bodies.ts'
import { onEveryDatabase, type House } from '../support/harness.ts'
import { stored, trail } from '../support/stored.ts'
import { body, connect, gate, lease, mintTokens, PATH, tokenRow } from '../support/token-carrier.ts'
import { DAY, newClock, SECOND } from '../support/webhooks.ts'

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
  'custody of access tokens',
  (house) => {
    const actor = (): Actor => ({
      ...{ tenantId: house().tenantId, environment: 'production', name: 'system' },
      ...{ requestId: undefined, ip: undefined },
    })

    test('an update, a rollback and a disconnect end the token with the credentials', async () => {
      const carrier = mintTokens(house())
      const id = await connect(house())
      assert.equal((await lease(house(), id)).json.access_token.token, carrier.token(1))
      // What the carrier does not say anything about is stored without a token: the old one is gone all the same.
      carrier.isDown = true
      const put = await house().request('PUT', `${PATH}/${id}`, { body: body() })
      assert.equal(put.status, 200)
      assert.equal(await tokenRow(house(), id), undefined)
      carrier.isDown = false
      const updated = (await lease(house(), id)).json
      assert.equal(updated.credentials_version, 2)
      assert.equal(updated.access_token.token, carrier.token(3))
      assert.equal((await house().request('POST', `${PATH}/${id}/rollback`)).status, 200)
      const back = (await lease(house(), id)).json
      assert.equal(back.credentials_version, 3)
      assert.equal(back.access_token.token, carrier.token(4))
      assert.equal(carrier.asked[3], carrier.asked[0])
      assert.equal((await house().request('DELETE', `/v1/carriers/${id}`)).status, 204)
      assert.equal(await tokenRow(house(), id), undefined)
      assert.equal((await lease(house(), id)).status, 404)
    })

    test('an update that is refused leaves the token as it is', async () => {
      const carrier = mintTokens(house())
      const id = await connect(house())
      const before = await tokenRow(house(), id)
      carrier.refused.add('wrong')
      const { status } = await house().request('PUT', `${PATH}/${id}`, {
        body: body({ api_secret: 'wrong' }),
      })
      assert.equal(status, 400)
      assert.deepEqual(await tokenRow(house(), id), before)
    })

    test('a token that was being minted from credentials which are replaced meanwhile is neither kept nor handed out', async () => {
      const carrier = mintTokens(house())
      const id = await connect(house())
      clock.forward(DAY)
      const { until, open } = gate()
      carrier.until = until
      const reader = lease(house(), id)
      while (carrier.asked.length < 2) await pause(5)
      carrier.until = Promise.resolve()
      const put = await house().request('PUT', `${PATH}/${id}`, { body: body() })
      assert.equal(put.status, 200)
      open()
      const { json } = await reader
      assert.equal(json.credentials_version, 2)
      assert.equal(json.access_token.token, carrier.token(3))
      assert.equal((await lease(house(), id)).json.access_token.token, carrier.token(3))
      assert.equal((await tokenRow(house(), id))?.credentials_version, 2)
    })

    test('a refusal of credentials that are replaced meanwhile concerns nobody', async () => {
      const carrier = mintTokens(house())
      const id = await connect(house())
      clock.forward(DAY)
      const { until, open } = gate()
      carrier.until = until
      carrier.refused.add(carrier.asked[0] ?? '')
      const reader = lease(house(), id)
      while (carrier.asked.length < 2) await pause(5)
      carrier.until = Promise.resolve()
      await house().request('PUT', `${PATH}/${id}`, { body: body() })
      open()
      assert.equal((await reader).json.access_token.token, carrier.token(3))
      assert.equal((await stored(house(), id)).row.state, 'verified')
    })

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

    test('a claim is one holder’s until it ends; whose fence is stale writes nothing any more', async () => {
      const carrier = mintTokens(house())
      const { ctx, tenantId } = house()
      const id = await connect(house())
      const { row } = await stored(house(), id)
      clock.forward(DAY)
      const first = await claimToken(ctx, actor(), row)
      assert.ok(first !== undefined)
      assert.equal(await claimToken(ctx, actor(), row), undefined, 'another has the claim')
      clock.forward(31 * SECOND)
      const second = await claimToken(ctx, actor(), row)
      assert.ok(second !== undefined && second > first)
      await checkClaimed(ctx, actor(), row, second)
      const kept = await tokenRow(house(), id)
      const proof = (token: string): Proof => ({
        ...{ asked: true, at: clock.now(), outcome: 'verified', because: 'Yes.' },
        minted: { token, seconds: 3_600 },
      })
      const settle = (fence: number, token: string) =>
        ctx.store.transaction(tenantId, (tx) => settleToken(ctx, tx, actor(), row, fence, proof(token)))
      for (const stale of [first, second, 0, kept?.fence === undefined ? 99 : kept.fence + 1])
        await settle(stale, 'stale')
      assert.deepEqual(await tokenRow(house(), id), kept)
      assert.equal((await lease(house(), id)).json.access_token.token, carrier.token(2))
      await settle(kept?.fence ?? 0, 'fresh')
      assert.equal(
        (await lease(house(), id)).json.access_token.token,
        'fresh',
        'the control: its fence holds',
      )
    })

    test('the simulated carriers of the sandbox mint them on the same path, and nobody else is asked', async () => {
      const carrier = mintTokens(house())
      const key = await house().newKey({ environment: 'sandbox' })
      const path = '/v-beta/ltl/connections/ODFL'
      const credentials = { username: 'u', password: 'p', account_number: unique() }
      const { json } = await house().request('POST', path, { key, body: { credentials } })
      const ask = () => house().request('POST', `${path}/${json.carrier_id}/lease?as=token`, { key })
      const first = await ask()
      assert.equal(first.status, 200, first.text)
      assert.equal(first.json.carrier, 'ODFL')
      assert.match(first.json.access_token.token, /^[\w-]{43}$/)
      clock.forward(DAY)
      assert.ok((await ask()).json.access_token.expires_at > first.json.access_token.expires_at)
      assert.deepEqual(carrier.asked, [])
    })
  },
  { clock: clock.now },
)
