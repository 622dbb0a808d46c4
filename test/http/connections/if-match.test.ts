import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'
import { auditTrail } from '../../support/audit/audit-events.ts'
import { connect } from '../../support/connections/connect.ts'

const path = '/v1/connections/carriers/stamps_com'
const document = (value: string) => ({ nickname: value, username: value, password: `secret of ${value}` })

const MALFORMED = [
  'v1',
  '1',
  '""v1""',
  "'v1'",
  'w/"v1"',
  '"v1',
  '"v01"x',
  '"v1" "v2"',
  '*, "v1"',
  '"v1", *',
  '',
  ',',
]

onEveryDatabase('versions', (server) => {
  const put = (id: string, value: string, { ifMatch }: { ifMatch?: string } = {}) =>
    server().request('PUT', `${path}/${id}`, {
      body: document(value),
      ...(ifMatch === undefined ? {} : { headers: { 'If-Match': ifMatch } }),
    })

  test('a stale or foreign tag changes nothing', async () => {
    const id = await connect(server(), 'stamps_com')
    const before = await storedConnection(server(), id)
    for (const tag of ['"v2"', 'W/"v2"', '"other"', '""', '"v01"', '"V1"', '"v1,"', '"a,b", "v2"', 'W/""'])
      assert.equal((await put(id, unique(), { ifMatch: tag })).status, 412, tag)
    assert.deepEqual(await storedConnection(server(), id), before)
    assert.equal((await auditTrail(server(), id)).length, 1)
  })

  test('the current tag, one of a list, and * go through', async () => {
    const id = await connect(server(), 'stamps_com')
    assert.equal((await put(id, unique(), { ifMatch: '"v1"' })).headers.etag, '"v2"')
    assert.equal((await put(id, unique(), { ifMatch: '"v1", "v2"' })).headers.etag, '"v3"')
    assert.equal((await put(id, unique(), { ifMatch: '*' })).headers.etag, '"v4"')
    assert.equal((await put(id, unique(), { ifMatch: ' * ' })).headers.etag, '"v5"')
  })

  test('a tag that a proxy made weak is the same tag', async () => {
    const id = await connect(server(), 'stamps_com')
    assert.equal((await put(id, unique(), { ifMatch: 'W/"v1"' })).headers.etag, '"v2"')
    assert.equal((await put(id, unique(), { ifMatch: 'W/"v1",W/"v2"' })).headers.etag, '"v3"')
    assert.equal((await put(id, unique(), { ifMatch: ', "x,y" ,, W/"v3" ,' })).headers.etag, '"v4"')
  })

  test('a header that is no list of tags is refused by its name, after the body, and changes nothing', async () => {
    const id = await connect(server(), 'stamps_com')
    const before = await storedConnection(server(), id)
    for (const header of MALFORMED) {
      const { status, json } = await put(id, unique(), { ifMatch: header })
      assert.deepEqual([status, json.errors[0].error_code], [400, 'unspecified'], header)
      assert.match(json.errors[0].message, /If-Match/)
    }
    const headers = { 'If-Match': 'v1' }
    const bodyFirst = await server().request('PUT', `${path}/${id}`, { body: {}, headers })
    assert.equal(bodyFirst.json.errors[0].error_code, 'field_value_required')
    assert.deepEqual(await storedConnection(server(), id), before)
    assert.equal((await auditTrail(server(), id)).length, 1)
  })

  test('every route that takes If-Match refuses a malformed one', async () => {
    const { paths } = (await server().request('GET', '/openapi.json', { key: '' })).json
    const ups = { ...connectBodies.ups, account_number: unique() }
    const parcel = await server().request('POST', '/v1/connections/carriers/ups', { body: ups })
    const credentials = { key: unique(), account_number: unique() }
    const ltl = await server().request('POST', '/v-beta/ltl/connections/FXFE', { body: { credentials } })
    const versioned = Object.entries(paths as Record<string, Record<string, any>>).flatMap(
      ([route, methods]) =>
        Object.entries(methods)
          .filter(([, { parameters = [] }]) =>
            parameters.some(({ name }: { name: string }) => name === 'If-Match'),
          )
          .map(([method]) => ({ method: method.toUpperCase(), route })),
    )
    assert.ok(versioned.length >= 18)
    for (const { method, route } of versioned) {
      const isLtl = route.startsWith('/v-beta')
      const url = route
        .replace('{carrier_name}', 'ups')
        .replace('{carrier_code}', 'FXFE')
        .replace(/\{carrier(_id)?\}/, isLtl ? ltl.json.carrier_id : parcel.json.carrier_id)
      const body = isLtl ? { credentials } : route.endsWith('settings') ? {} : ups
      const answer = await server().request(method, url, {
        headers: { 'If-Match': 'v1' },
        ...(method === 'PUT' ? { body: route.endsWith('policy') ? {} : body } : {}),
      })
      assert.equal(answer.status, 400, `${method} ${route} ${answer.text}`)
    }
  })

  test('If-Match guards settings and deletes too', async () => {
    const { json } = await server().request('POST', '/v1/connections/carriers/ups', {
      body: { ...connectBodies.ups, account_number: unique() },
    })
    const ups = `/v1/connections/carriers/ups/${json.carrier_id}`
    const stale = { headers: { 'If-Match': '"v5"' } }
    assert.equal(
      (await server().request('PUT', `${ups}/settings`, { ...stale, body: { nickname: 'x' } })).status,
      412,
    )
    assert.equal((await server().request('DELETE', ups, stale)).status, 412)
    assert.equal((await server().request('DELETE', `/v1/carriers/${json.carrier_id}`, stale)).status, 412)
    assert.equal((await server().request('DELETE', ups, { headers: { 'If-Match': '"v1"' } })).status, 204)
  })

  test('without If-Match the last write wins whole: no state mixes two writers', async () => {
    const id = await connect(server(), 'stamps_com')
    const writers = Array.from({ length: 16 }, async (_, writer) => {
      for (let turn = 0; turn < 5; turn += 1) assert.equal((await put(id, `w${writer}-${turn}`)).status, 200)
    })
    const reader = (async () => {
      for (let turn = 0; turn < 40; turn += 1) {
        const { row, credentials } = await storedConnection(server(), id)
        if (row.version === 1) continue
        assert.deepEqual(credentials, { username: row.nickname, password: `secret of ${row.nickname}` })
        assert.equal(row.account_number, row.nickname)
      }
    })()
    await Promise.all([...writers, reader])
    const { row } = await storedConnection(server(), id)
    assert.equal(row.version, 81)
    assert.equal(row.credentials_version, 81)
    assert.equal((await auditTrail(server(), id)).length, 81)
  })

  test('of writers that insist on one version exactly one wins', async () => {
    const id = await connect(server(), 'stamps_com')
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => put(id, unique(), { ifMatch: '"v1"' })),
    )
    const won = answers.filter(({ status }) => status === 200)
    assert.equal(won.length, 1)
    assert.equal(answers.filter(({ status }) => status === 412).length, 11)
  })
})
