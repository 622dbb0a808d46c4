import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { requestConnect } from '../../support/connections/connect.ts'

onEveryDatabase('what hardly anybody sends', (server) => {
  test('a NUL in a path or a query is a question like any other', async () => {
    const partner = await server().newKey({ scopes: ['partner'] })
    for (const [path, status, key] of [
      ['/v1/audit?carrier_id=%00', 400, server().key],
      ['/v1/audit?actor=a%00b', 400, server().key],
      ['/v1/partners/accounts/%00', 404, partner],
      ['/v1/partners/accounts/external_account_id/%00', 404, partner],
      ['/v1/carriers/%00', 404, server().key],
      ['/v1/connections/carriers/%00', 404, server().key],
      ['/v1/environment/webhooks/%00', 404, server().key],
    ] as const)
      assert.equal((await server().request('GET', path, { key })).status, status, path)
  })

  test('two spellings of one account are one account', async () => {
    const end = unique()
    for (const [first, second] of [
      [`Straße ${end}`, `STRASSE ${end}`],
      [`ΣΑΣ ${end}`, `σασ ${end}`],
      [`ſ${end}`, `S${end}`],
      [` ${end}\t`.trimEnd(), end],
    ]) {
      assert.equal((await requestConnect(server(), 'stamps_com', { body: { username: first } })).status, 200)
      const again = await requestConnect(server(), 'stamps_com', { body: { username: second } })
      assert.equal(again.json.errors[0].error_code, 'identifier_conflict', `${first} | ${second}`)
    }
  })

  test('optional secrets go when the account changes', async () => {
    const { json } = await requestConnect(server(), 'ups', { body: { account_number: unique() } })
    const path = `/v1/connections/carriers/ups/${json.carrier_id}`
    const form = { nickname: 'n', account_postal_code: '1', account_country_code: 'US' }
    const first = { ...form, mail_innovations_customer_guid: 'rate-key' }
    const guid = async () =>
      (await server().request('GET', path)).json.fields.mail_innovations_customer_guid.set
    assert.equal((await server().request('PUT', path, { body: first })).status, 200)
    assert.equal(await guid(), true)
    const next = { ...form, account_number: unique() }
    assert.equal((await server().request('PUT', path, { body: next })).status, 200)
    assert.equal(await guid(), false)
  })

  test('settings that change nothing make no version and no event', async () => {
    const { json, headers } = await requestConnect(server(), 'ups', { body: { account_number: unique() } })
    const path = `/v1/connections/carriers/ups/${json.carrier_id}`
    const events = async () =>
      (await server().request('GET', `/v1/audit?carrier_id=${json.carrier_id}`)).json.total
    for (const body of [{}, { nickname: connectBodies.ups.nickname }]) {
      const answer = await server().request('PUT', `${path}/settings`, { body })
      assert.deepEqual([answer.status, answer.headers.etag], [204, headers.etag])
    }
    assert.equal(await events(), 1)
  })

  test('a setting that shares its name with a credential is shown as set', async () => {
    const { json } = await requestConnect(server(), 'ups', { body: { account_number: unique() } })
    const path = `/v1/connections/carriers/ups/${json.carrier_id}`
    const invoice = { invoice_amount: 1 }
    assert.equal((await server().request('GET', path)).json.fields.invoice.set, false)
    const answer = await server().request('PUT', `${path}/settings`, { body: { invoice } })
    assert.equal(answer.status, 204, answer.text)
    assert.equal((await server().request('GET', path)).json.fields.invoice.set, true)
  })

  test('settings that cannot carry images are as large as any other body', async () => {
    const padding = ' '.repeat(100_000)
    const { json } = await requestConnect(server(), 'ups', { body: { account_number: unique() } })
    const ups = await server().request('PUT', `/v1/connections/carriers/ups/${json.carrier_id}/settings`, {
      raw: `{${padding}}`,
    })
    assert.equal(ups.status, 413)
  })

  test('an entity tag matches letter by letter', async () => {
    const { json } = await requestConnect(server(), 'stamps_com', { body: { username: unique() } })
    const path = `/v1/connections/carriers/stamps_com/${json.carrier_id}`
    for (const [tag, status] of [
      ['"v01"', 412],
      ['"v0"', 412],
      ['"v1"', 204],
    ] as const)
      assert.equal((await server().request('DELETE', path, { headers: { 'if-match': tag } })).status, status)
  })
})
