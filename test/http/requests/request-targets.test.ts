import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { sendRawRequest } from '../../support/server/send-raw-request.ts'
import { openTestServer, type TestServer } from '../../support/server/test-server.ts'

let server: TestServer
let port: number

const send = (...rows: string[]) => sendRawRequest(port, rows.join('\n'))
const key = () => `API-Key: ${server.key}`
const statusOf = (text: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1])
const firstLink = (text: string) => /"first":\{"href":"([^"]*)"/.exec(text)?.[1] ?? ''
const withoutIds = (text: string) =>
  text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\r\nDate: [^\r]*/gi, '')

describe('the target of a request', () => {
  before(async () => {
    server = await openTestServer('sqlite')
    await server.app.listen({ host: '127.0.0.1', port: 0 })
    port = (server.app.server.address() as AddressInfo).port
  })
  after(() => server.close())

  test('in its absolute form is answered like the path in it', async () => {
    for (const [method, path] of [
      ['GET', '/healthz'],
      ['GET', '/v1/carriers'],
      ['GET', '/v1/labels?page_size=3'],
      ['GET', '/v1/labels/?page_size=3'],
      ['GET', '/v1/carriers/nope'],
      ['GET', '/nope'],
      ['PATCH', '/v1/carriers'],
      ['GET', '/v1/carriers?nope=1'],
      ['HEAD', '/healthz'],
    ] as const) {
      const plain = await send(`${method} ${path} HTTP/1.1`, 'Host: a.example', key())
      for (const scheme of ['http', 'https', 'HTTP'])
        assert.equal(
          withoutIds(await send(`${method} ${scheme}://a.example${path} HTTP/1.1`, 'Host: b.example', key())),
          withoutIds(plain),
          `${method} ${path}`,
        )
    }
    assert.equal(statusOf(await send('GET http://a.example HTTP/1.1', 'Host: a.example')), 200)
    // The page at the root path takes no parameters.
    assert.equal(statusOf(await send('GET http://a.example?x=1 HTTP/1.1', 'Host: a.example')), 400)
  })

  test('in its absolute form names the host of links', async () => {
    const answer = await send('GET http://a.example:81/v1/labels HTTP/1.1', 'Host: b.example', key())
    assert.equal(firstLink(answer), 'http://a.example:81/v1/labels?page=1&page_size=25')
  })

  test('that names no host, or is neither a path nor an address, is refused', async () => {
    for (const target of [
      'http:///healthz',
      'http://a@b.example/healthz',
      'http://a b',
      'ftp://a/healthz',
      '*',
    ])
      assert.equal(statusOf(await send(`GET ${target} HTTP/1.1`, 'Host: a.example')), 400, target)
    assert.equal(statusOf(await send('GET http://a.example/healthz HTTP/1.1')), 400, 'no Host')
  })

  test('lets links lead to an address, whatever Host is or is not', async () => {
    for (const rows of [
      ['GET /v1/labels HTTP/1.0', key()],
      ['GET /v1/labels HTTP/1.0', 'Host:', key()],
      ['GET /v1/labels HTTP/1.1', 'Host:', key()],
    ]) {
      const answer = await send(...rows)
      assert.equal(firstLink(answer), `http://127.0.0.1:${port}/v1/labels?page=1&page_size=25`)
    }
    for (const host of ['a.example', 'a.example:81', '[::1]:81', '10.0.0.1', 'under_score', 'A-b.c']) {
      const answer = await send('GET /v1/labels HTTP/1.1', `Host: ${host}`, key())
      assert.ok(firstLink(answer).startsWith(`http://${host}/v1/labels`), host)
    }
    for (const host of [':81', '::', '[::1', 'a:99999', 'a:b', 'a/b', 'a b', '[]', 'a@b', '"'])
      for (const version of ['1.0', '1.1'])
        assert.equal(
          statusOf(await send(`GET /v1/labels HTTP/${version}`, `Host: ${host}`, key())),
          400,
          host,
        )
  })

  test('takes one slash at its end and no more', async () => {
    for (const [path, status] of [
      ['/v1/labels/', 200],
      ['/v1/labels//', 404],
      ['/v1/labels/?page=1', 200],
      ['/v1/labels/%2F', 404],
      // This target is the root path with another slash at its end.
      ['//', 200],
    ] as const)
      assert.equal(statusOf(await send(`GET ${path} HTTP/1.1`, 'Host: a', key())), status, path)
  })
})
