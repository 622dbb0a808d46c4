import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { openTestServer, type TestServer } from '../../support/server/test-server.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'

let server: TestServer

const PATH = '/v1/connections/carriers/stamps_com'

describe('the body and the headers of a request', () => {
  before(async () => {
    server = await openTestServer('sqlite')
  })
  after(() => server.close())

  test('60 KB of JSON within the limit is checked by its fields', async () => {
    const answer = await server.request('POST', PATH, {
      body: { ...connectBodies.stamps_com, password: 'p'.repeat(60_000) },
    })
    assert.equal(answer.json.errors[0].error_code, 'invalid_string_length')
  })

  test('content types are taken with a UTF-8 charset and no other parameter', async () => {
    const send = (type: string) =>
      server.request('POST', PATH, {
        body: { ...connectBodies.stamps_com, username: unique() },
        headers: { 'content-type': type },
      })
    for (const type of [
      'application/json; charset=utf-8',
      'Application/JSON;charset="UTF-8"',
      'application/json;',
    ])
      assert.equal((await send(type)).status, 200, type)
    for (const type of [
      'application/json; charset=latin1',
      'application/jsonp',
      'text/json',
      'multipart/form-data',
      '',
    ])
      assert.equal((await send(type)).status, 415, type)
    const coded = await server.request('POST', PATH, { body: {}, headers: { 'content-encoding': 'gzip' } })
    assert.equal(coded.status, 415)
    assert.equal(coded.headers['accept-encoding'], 'identity')
    assert.match(coded.json.errors[0].message, /Content-Encoding/)
    const plain = { 'content-encoding': 'Identity' }
    const body = { ...connectBodies.stamps_com, username: unique() }
    assert.equal((await server.request('POST', PATH, { body, headers: plain })).status, 200)
  })

  test('the key header is found in any letter case', async () => {
    for (const name of ['API-Key', 'Api-Key', 'api-key', 'API-KEY'])
      assert.equal(
        (await server.request('GET', '/v1/carriers', { key: '', headers: { [name]: server.key } })).status,
        200,
      )
  })

  test('no answer can be read by another origin, or sniffed', async () => {
    const answer = await server.request('GET', '/v1/carriers', {
      headers: { Origin: 'https://elsewhere.example' },
    })
    assert.equal(answer.headers['access-control-allow-origin'], undefined)
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
  })

  test('JSON that an editor began with a byte order mark is read', async () => {
    const raw = `\ufeff${JSON.stringify({ ...connectBodies.stamps_com, username: unique() })}`
    assert.equal((await server.request('POST', PATH, { raw })).status, 200)
    const broken = await server.request('POST', PATH, { raw: '\ufeff{\r\n"nickname": secret}' })
    const [{ error_code, message }] = broken.json.errors
    assert.deepEqual([error_code, broken.status], ['invalid_object', 400])
    assert.equal(message, 'The body is not well-formed JSON (line 2, column 13).')
  })

  test('hostile member names reach no prototype', async () => {
    for (const raw of [
      '{"__proto__":{"nickname":"x"}}',
      '{"\\u005f_proto__":1}',
      '{"constructor":{"prototype":{"a":1}}}',
      '{"prototype":1}',
    ])
      assert.equal((await server.request('POST', PATH, { raw })).json.errors[0].error_code, 'invalid_object')
    assert.equal(({} as Record<string, unknown>).nickname, undefined)
    for (const name of ['toString', 'hasOwnProperty', 'valueOf', '__defineGetter__']) {
      const answer = await server.request('POST', PATH, {
        body: { ...connectBodies.stamps_com, username: unique(), [name]: 'x' },
      })
      assert.equal(answer.json.errors[0].error_code, 'invalid_field_value', name)
      assert.equal((await server.request('GET', `/v1/connections/carriers/${name}`)).status, 404)
    }
  })

  test('any valid text is stored as it was sent', async () => {
    const password = 'é ß 漢字 🚚\u2028\ufeff 𝄞 ‮ ı' + String.fromCharCode(0xa0, 0xffff)
    const { json } = await server.request('POST', PATH, {
      body: { nickname: 'n', username: unique(), password },
    })
    assert.equal((await storedConnection(server, json.carrier_id)).credentials.password, password)
  })
})
