import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectBodies, unique } from '../support/bodies.ts'
import { onEveryDatabase, type House } from '../support/harness.ts'
import { stored, trail } from '../support/stored.ts'

const path = '/v1/connections/carriers/stamps_com'
const document = (value: string) => ({ nickname: value, username: value, password: `secret of ${value}` })

async function connect(house: House): Promise<string> {
  const body = { ...connectBodies.stamps_com, username: unique() }
  return (await house.request('POST', path, { body })).json.carrier_id
}

onEveryDatabase('versions', (house) => {
  const put = (id: string, value: string, ifMatch?: string) =>
    house().request('PUT', `${path}/${id}`, {
      body: document(value),
      ...(ifMatch === undefined ? {} : { headers: { 'If-Match': ifMatch } }),
    })

  test('a stale, weak or foreign tag changes nothing', async () => {
    const id = await connect(house())
    const before = await stored(house(), id)
    for (const tag of ['"v2"', 'W/"v1"', '"other"', 'v1', '""', '"v01"x'])
      assert.equal((await put(id, unique(), tag)).status, 412, tag)
    assert.deepEqual(await stored(house(), id), before)
    assert.equal((await trail(house(), id)).length, 1)
  })

  test('the current tag, one of a list, and * go through', async () => {
    const id = await connect(house())
    assert.equal((await put(id, unique(), '"v1"')).headers.etag, '"v2"')
    assert.equal((await put(id, unique(), '"v1", "v2"')).headers.etag, '"v3"')
    assert.equal((await put(id, unique(), '*')).headers.etag, '"v4"')
  })

  test('If-Match guards settings and deletes too', async () => {
    const { json } = await house().request('POST', '/v1/connections/carriers/ups', {
      body: { ...connectBodies.ups, account_number: unique() },
    })
    const ups = `/v1/connections/carriers/ups/${json.carrier_id}`
    const stale = { headers: { 'If-Match': '"v5"' } }
    assert.equal(
      (await house().request('PUT', `${ups}/settings`, { ...stale, body: { nickname: 'x' } })).status,
      412,
    )
    assert.equal((await house().request('DELETE', ups, stale)).status, 412)
    assert.equal((await house().request('DELETE', `/v1/carriers/${json.carrier_id}`, stale)).status, 412)
    assert.equal((await house().request('DELETE', ups, { headers: { 'If-Match': '"v1"' } })).status, 204)
  })

  test('without If-Match the last write wins whole: no state mixes two writers', async () => {
    const id = await connect(house())
    const writers = Array.from({ length: 16 }, async (_, writer) => {
      for (let turn = 0; turn < 5; turn += 1) assert.equal((await put(id, `w${writer}-${turn}`)).status, 200)
    })
    const reader = (async () => {
      for (let turn = 0; turn < 40; turn += 1) {
        const { row, credentials } = await stored(house(), id)
        if (row.version === 1) continue
        assert.deepEqual(credentials, { username: row.nickname, password: `secret of ${row.nickname}` })
        assert.equal(row.account_number, row.nickname)
      }
    })()
    await Promise.all([...writers, reader])
    const { row } = await stored(house(), id)
    assert.equal(row.version, 81)
    assert.equal(row.credentials_version, 81)
    assert.equal((await trail(house(), id)).length, 81)
  })

  test('of writers that insist on one version exactly one wins', async () => {
    const id = await connect(house())
    const answers = await Promise.all(Array.from({ length: 12 }, () => put(id, unique(), '"v1"')))
    const won = answers.filter(({ status }) => status === 200)
    assert.equal(won.length, 1)
    assert.equal(answers.filter(({ status }) => status === 412).length, 11)
  })
})
