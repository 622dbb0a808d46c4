import assert from 'node:assert/strict'
import { connect, type AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { withoutDriverErrors } from '../../../src/store/errors.ts'
import { unique } from '../../support/unique.ts'
import { openTestServer, type TestServer } from '../../support/server/test-server.ts'

let server: TestServer
let port: number

const PATH = '/v1/connections/carriers/stamps_com'

/** Sends bytes as they are and reads what comes until the server closes or falls silent. */
function exchange(...parts: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    // The first answer may take its time on a busy machine.
    socket.setTimeout(5_000, () => socket.destroy())
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      socket.setTimeout(400)
    })
    socket.on('close', () => resolve(text))
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' ? resolve(text) : reject(error),
    )
    for (const part of parts) socket.write(part)
  })
}

const lines = (...rows: string[]) => `${rows.join('\r\n')}\r\n\r\n`
/** Checks the headers that every refusal has, whichever part of the server has written it. */
function assertRefusalHead(text: string) {
  const head = text.slice(0, text.indexOf('\r\n\r\n'))
  for (const line of [
    /^x-shipengine-requestid: [0-9a-f-]{36}\r?$/im,
    /^x-content-type-options: nosniff\r?$/im,
    /^cache-control: private, no-store\r?$/im,
    /^content-type: application\/json; charset=utf-8\r?$/im,
    /^date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r?$/im,
  ])
    assert.match(head, line)
  assert.equal(/ 405 /.test(head), /^allow:/im.test(head))
}
const answersIn = (text: string) =>
  [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status))
const post = (length: number | string, ...headers: string[]) =>
  lines(
    `POST ${PATH} HTTP/1.1`,
    'Host: x',
    `API-Key: ${server.key}`,
    'Content-Type: application/json',
    `Content-Length: ${length}`,
    ...headers,
  )

describe('the HTTP edge', () => {
  before(async () => {
    server = await openTestServer('sqlite', {
      env: { HAWSER_REQUEST_TIMEOUT: '1', HAWSER_HANDLER_TIMEOUT: '5' },
    })
    await server.app.listen({ host: '127.0.0.1', port: 0 })
    port = (server.app.server.address() as AddressInfo).port
  })
  after(() => server.close())

  const refused: Record<string, () => (string | Buffer)[]> = {
    'two Host headers': () => [
      lines('GET /v1/carriers HTTP/1.1', 'Host: x', 'Host: y', `API-Key: ${server.key}`),
    ],
    'a Host that is none': () => [
      lines('GET /v1/carriers HTTP/1.1', 'Host: elsewhere"/x', `API-Key: ${server.key}`),
    ],
    'two equal key headers': () => [
      lines('GET /v1/carriers HTTP/1.1', 'Host: x', `API-Key: ${server.key}`, `api-key: ${server.key}`),
    ],
    'two lengths': () => [
      lines(
        `POST ${PATH} HTTP/1.1`,
        'Host: x',
        `API-Key: ${server.key}`,
        'Content-Length: 2',
        'Content-Length: 2',
      ),
      '{}',
    ],
    'length and chunks': () => [post(2, 'Transfer-Encoding: chunked'), '0\r\n\r\n'],
    'a coding other than chunked': () => [
      lines(`POST ${PATH} HTTP/1.1`, 'Host: x', `API-Key: ${server.key}`, 'Transfer-Encoding: gzip, chunked'),
      '0\r\n\r\n',
    ],
    'two content types': () => [post(2, 'Content-Type: text/plain'), '{}'],
    'two If-Match': () => [
      lines(
        `DELETE ${PATH}/se-1 HTTP/1.1`,
        'Host: x',
        `API-Key: ${server.key}`,
        'If-Match: "v1"',
        'If-Match: "v2"',
      ),
    ],
    'a target that is no path': () => [
      lines('GET elsewhere:80 HTTP/1.1', 'Host: x', `API-Key: ${server.key}`),
    ],
    'no Host': () => [lines('GET /healthz HTTP/1.1')],
    'a bare line feed in a header': () => [`GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: b\nX-C: d\r\n\r\n`],
    'a space before the colon': () => [lines('GET /healthz HTTP/1.1', 'Host : x')],
    'no HTTP at all': () => [Buffer.from([0x16, 0x03, 0x01, 0x00, 0xa5, 0x01])],
    'a broken escape in the path': () => [
      lines('GET /v1/carriers/%zz HTTP/1.1', 'Host: x', `API-Key: ${server.key}`),
    ],
    'headers over 16 KiB': () => [lines('GET /healthz HTTP/1.1', 'Host: x', `X-Long: ${'x'.repeat(17_000)}`)],
  }

  for (const [what, request] of Object.entries(refused))
    test(`${what}: refused once, in the envelope`, async () => {
      const text = await exchange(...request())
      const statuses = answersIn(text)
      assert.equal(statuses.length, 1, text)
      assert.ok(statuses[0] !== undefined && statuses[0] >= 400 && statuses[0] < 500, text)
      assertRefusalHead(text)
      const body = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4))
      assert.equal(body.errors[0].error_source, 'shipengine')
      assert.ok(!text.includes('elsewhere'))
    })

  test('what Node would answer with nothing is answered in the envelope', async () => {
    const expecting = lines(
      'GET /v1/carriers HTTP/1.1',
      'Host: x',
      `API-Key: ${server.key}`,
      'Expect: 200-ok',
    )
    for (const [request, status] of [
      [expecting, 417],
      [lines('CONNECT x:80 HTTP/1.1', 'Host: x:80'), 405],
    ] as const) {
      const text = await exchange(request)
      assert.deepEqual(answersIn(text), [status])
      assertRefusalHead(text)
      assert.equal(JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)).errors.length, 1)
    }
  })

  test('a connection that carried many requests ends with a whole answer', async () => {
    const text = await exchange(lines('GET /healthz HTTP/1.1', 'Host: x').repeat(1_005))
    assert.deepEqual(
      [text.match(/HTTP\/1\.1 /g)?.length, text.match(/HTTP\/1\.1 200/g)?.length],
      [1_000, 1_000],
    )
    assert.equal(text.match(/connection: close/gi)?.length, 1)
  })

  test('a large body that was refused unread does not pass for the next request', async () => {
    const large = 3_000_000
    for (const [method, path, status] of [
      ['POST', '/v1/nope', 404],
      ['POST', '/v1/connections/carriers/nope', 404],
      ['PATCH', '/v1/carriers', 405],
      ['DELETE', '/v1/carriers/se-1', 404],
    ] as const) {
      const head = lines(
        `${method} ${path} HTTP/1.1`,
        'Host: x',
        `API-Key: ${server.key}`,
        'Content-Type: application/json',
        `Content-Length: ${large}`,
      )
      const next = lines('GET /healthz HTTP/1.1', 'Host: x')
      const text = await exchange(head, Buffer.alloc(large, ' '), next)
      const answers = answersIn(text)
      assert.equal(answers[0], status, `${method} ${path}`)
      if (answers.length === 1) assert.match(text, /connection: close/i)
      else assert.deepEqual(answers, [status, 200])
    }
  })

  test('a path parameter of any length is checked like any other', async () => {
    const long = 'x'.repeat(2_000)
    assert.equal((await server.request('GET', `/v1/carriers/${long}`, { key: '' })).status, 401)
    assert.equal(
      (await server.request('GET', `/v1/carriers/${long}`)).json.errors[0].error_code,
      'invalid_identifier',
    )
  })

  test('TRACE and made-up methods reach no route', async () => {
    for (const method of ['TRACE', 'PROPFIND', 'CONNECT'])
      assert.ok(
        !answersIn(await exchange(lines(`${method} /healthz HTTP/1.1`, 'Host: x'))).includes(200),
        method,
      )
    const text = await exchange(lines('TRACE /v1/carriers HTTP/1.1', 'Host: x', `API-Key: ${server.key}`))
    assert.deepEqual(answersIn(text), [405])
    assert.match(text, /allow: GET, HEAD/i)
  })

  test('a request that does not arrive whole is ended in time', async () => {
    const start = Date.now()
    const text = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      let received = ''
      socket.on('data', (chunk) => (received += chunk.toString()))
      socket.on('close', () => resolve(received))
      socket.on('error', () => resolve(received))
      socket.write(post(500))
      socket.write('{"nick')
    })
    assert.ok(Date.now() - start < 35_000)
    assert.deepEqual(answersIn(text), [408])
    assertRefusalHead(text)
    assert.match(text, /"error_code":"unspecified"/)
  })

  test('a request that is not answered in time is answered 503, and the next one as ever', async () => {
    const { store } = server.ctx
    server.ctx.store = { ...store, read: () => new Promise(() => {}) }
    try {
      const answer = await server.request('GET', '/v1/carriers/se-1')
      assert.equal(answer.status, 503)
      assert.equal(answer.json.errors[0].error_type, 'system')
    } finally {
      server.ctx.store = store
    }
    assert.equal((await server.request('GET', '/v1/carriers/se-1')).status, 404)
  })

  test('a database that cannot be used is 503, and anything else that fails 500, without a word of it', async () => {
    const { store } = server.ctx
    const failing = (error: unknown) => ({
      ...store,
      read: () => withoutDriverErrors(() => Promise.reject(error as Error)),
    })
    try {
      for (const error of [
        Object.assign(new Error('disk I/O error in /secret/path'), { code: 'ERR_SQLITE_ERROR', errcode: 10 }),
        Object.assign(new Error('secret'), { code: 'ECONNREFUSED' }),
        Object.assign(new Error('secret'), { code: '57P01' }),
      ]) {
        server.ctx.store = failing(error)
        const answer = await server.request('GET', '/v1/carriers/se-1')
        assert.equal(answer.status, 503)
        assert.ok(!answer.text.includes('secret'))
        assert.equal((await server.request('GET', '/readyz', { key: '' })).status, 503)
      }
      server.ctx.store = failing(
        Object.assign(new Error('Key (a)=(secret) already exists'), { code: '23505' }),
      )
      const answer = await server.request('GET', '/v1/carriers/se-1')
      assert.equal(answer.status, 500)
      assert.ok(!answer.text.includes('secret'))
      assert.ok(!server.logs.join('').includes('secret'))
      assert.ok(server.logs.some((line) => line.includes('23505') && line.includes(answer.json.request_id)))
    } finally {
      server.ctx.store = store
    }
  })

  test('a body over the limit is refused as soon as that is known, however slowly it comes', async () => {
    const part = 'n'.repeat(70_000)
    const chunked = post(1).replace('Content-Length: 1', 'Transfer-Encoding: chunked')
    for (const [what, sent] of [
      ['told, and all of it here', [post(part.length), part]],
      ['told', [post(70_000)]],
      ['told, and some of it here', [post(10_000_000), part]],
      ['not told, and all of it here', [chunked, `${part.length.toString(16)}\r\n${part}\r\n0\r\n\r\n`]],
      ['not told', [chunked, `${part.length.toString(16)}\r\n${part}\r\n`]],
    ] as const) {
      const start = performance.now()
      const text = await exchange(...sent)
      assert.deepEqual(answersIn(text), [413], what)
      assert.match(text, /^connection: close\r$/im, what)
      assert.ok(performance.now() - start < 5_000, what)
    }
  })

  test('who goes on sending gets to see the refusal, and is not listened to for ever', async () => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.on('data', (chunk) => (text += chunk.toString()))
    const ended = new Promise<void>((resolve) => socket.once('end', resolve))
    const errors: unknown[] = []
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    socket.on('error', (error) => errors.push(error))
    socket.write(post(50_000_000))
    const start = performance.now()
    const sending = setInterval(() => socket.writable && socket.write('n'.repeat(1_000)), 20)
    await ended
    assert.deepEqual([answersIn(text), errors], [[413], []])
    await closed
    clearInterval(sending)
    assert.ok(performance.now() - start < 10_000)
  })

  test('a line is logged for each request, with the pattern of its route and nothing of what was sent', async () => {
    const secret = unique('logged-secret')
    await server.request('POST', `${PATH}?token=${secret}`, {
      body: { nickname: secret, username: secret, password: secret },
    })
    await server.request('GET', `/v1/${secret}`)
    await server.request('GET', `/v1/carriers/${secret}`)
    const [first, second, third] = server.logs.slice(-3).map((line) => JSON.parse(line))
    assert.deepEqual(
      [first.method, first.route, first.status],
      ['POST', '/v1/connections/carriers/:carrier_name', 400],
    )
    assert.deepEqual([second.route, second.status], [null, 404])
    assert.deepEqual([third.route, third.status], ['/v1/carriers/:carrier_id', 404])
    assert.ok(!server.logs.join('').includes(secret))
    assert.ok(!server.logs.join('').includes(server.key))
  })
})
