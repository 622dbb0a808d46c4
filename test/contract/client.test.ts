import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { createClient, type Client, type Options, type Result } from '../../src/client/index.ts'
import { unique } from '../support/unique.ts'
import { openTestServer, type TestServer } from '../support/server/test-server.ts'

const valueOf = <T>(result: Result<T>): T => {
  assert.ok(result.ok, JSON.stringify(result))
  return result.value
}
const refusalOf = (result: Result<unknown>) => {
  assert.ok(!result.ok && result.error.kind === 'refused', JSON.stringify(result))
  return result.error
}

describe('the client', () => {
  let server: TestServer
  let client: Client
  before(async () => {
    server = await openTestServer('sqlite', { repeatTransactions: false })
    await server.app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = server.app.server.address() as AddressInfo
    const apiKey = await server.newKey({ environment: 'sandbox' })
    client = createClient({ baseUrl: `http://127.0.0.1:${port}`, apiKey })
  })
  after(() => server.close())

  const account = (password = 'p') => ({ nickname: 'Postage', username: unique('client'), password })

  test('tells a refusal as a value: the field, the condition, what the carrier made of the credentials', async () => {
    // @ts-expect-error `enseigne` is a field of another carrier.
    const wrong = refusalOf(await client.connect('stamps_com', { ...account(), enseigne: 'BDTEST13' }))
    assert.equal(wrong.problems[0]?.error_code, 'invalid_field_value')
    const refused = refusalOf(await client.connect('stamps_com', account('simulate-invalid-credentials')))
    assert.deepEqual([refused.status, refused.outcome], [400, 'invalid_credentials'])
    const body = account()
    const { carrier_id } = valueOf(await client.connect('stamps_com', body))
    const twice = refusalOf(await client.connect('stamps_com', body))
    assert.deepEqual([twice.status, twice.condition], [409, 'account_already_connected'])
    assert.equal(twice.problems[0]?.carrier_id, carrier_id)
    valueOf(await client.connect('stamps_com', body, { allowDuplicate: true }))
  })

  test('connects, tries, updates, shows, verifies, rolls back, disconnects and restores', async () => {
    const body = account()
    assert.equal(valueOf(await client.tryCredentials('stamps_com', body)).verification.outcome, 'verified')
    const connected = await client.connect('stamps_com', body)
    const { carrier_id: id } = valueOf(connected)
    assert.ok(connected.ok && connected.answer.etag === '"v1"')
    const next = { ...body, password: 'another' }
    const updated = await client.update('stamps_com', id, next, { ifMatch: '"v1"' })
    assert.deepEqual(valueOf(updated), { carrier_id: id })
    const stale = refusalOf(await client.update('stamps_com', id, next, { ifMatch: '"v1"' }))
    assert.deepEqual([stale.status, stale.condition], [412, 'version_mismatch'])
    assert.equal(valueOf(await client.describe('stamps_com', id)).fields.password?.set, true)
    assert.equal(valueOf(await client.verify('stamps_com', id)).verification.outcome, 'verified')
    valueOf(await client.rollback('stamps_com', id))
    valueOf(await client.disconnect('stamps_com', id))
    assert.equal(refusalOf(await client.describe('stamps_com', id)).status, 404)
    valueOf(await client.restore('stamps_com', id))
  })

  test('does the same for LTL, and sends any other request', async () => {
    const { carrier_id: id } = valueOf(
      await client.connectLtl('FXFE', { key: 'k', account_number: unique() }),
    )
    valueOf(await client.updateLtl('FXFE', id, { key: 'k2', account_number: unique() }))
    valueOf(await client.disconnectLtl('FXFE', id))
    const found = await client.request<{ total: number }>('GET', '/v1/connections', {
      query: { carrier: 'FXFE' },
    })
    assert.equal(valueOf(found).total, 0)
  })
})

type Said = Response | Error | ((init: RequestInit) => Promise<Response>)

/** Makes a client whose server gives these answers one after another. */
function scripted(said: Said[], options: Partial<Options> = {}) {
  const sent: string[] = []
  const fetch = (async (url: string, init: RequestInit) => {
    sent.push(`${init.method} ${new URL(url).pathname}`)
    const next = said[sent.length - 1]
    if (next instanceof Error) throw next
    return typeof next === 'function' ? next(init) : next
  }) as typeof globalThis.fetch
  return { sent, client: createClient({ baseUrl: 'https://hawser.test', apiKey: 'k', fetch, ...options }) }
}
const done = () => Response.json({ carrier_id: 'se-1' })
const refused = (status: number, headers: Record<string, string> = {}) =>
  Response.json(
    { request_id: 'r', errors: [{ error_code: 'unspecified', message: 'm' }] },
    { status, headers },
  )
const lost = () => new TypeError('fetch failed')
const body = { nickname: 'n', username: 'u', password: 'p' }

describe('the client, when something goes wrong on the way', () => {
  test('sends again what has surely done nothing, and waits as long as it is told', async () => {
    const { client, sent } = scripted([refused(429, { 'retry-after': '1' }), done()])
    const start = performance.now()
    const result = await client.connect('stamps_com', body)
    assert.deepEqual([result.ok, result.attempts, sent.length], [true, 2, 2])
    assert.ok(performance.now() - start >= 990)
  })

  for (const [what, said] of [
    ['503', () => refused(503)],
    ['a network that fails', lost],
  ] as const) {
    test(`after ${what} sends again a read, an update and a delete, and no connect`, async () => {
      for (const [ask, attempts] of [
        [(client: Client) => client.describe('stamps_com', 'se-1'), 2],
        [(client: Client) => client.update('stamps_com', 'se-1', body), 2],
        [(client: Client) => client.disconnect('stamps_com', 'se-1'), 2],
        [(client: Client) => client.update('stamps_com', 'se-1', body, { ifMatch: '"v1"' }), 1],
        [(client: Client) => client.connect('stamps_com', body), 1],
      ] as const) {
        const { client, sent } = scripted([said(), done()])
        const result = await ask(client)
        assert.equal(sent.length, attempts)
        assert.equal(result.ok, attempts === 2)
        if (!result.ok) assert.ok(result.error.kind !== 'refused' && result.error.mayBeDone)
      }
    })
  }

  test('does not send again what was refused, and gives up after as many attempts as it has', async () => {
    for (const status of [400, 404, 409, 412, 500, 502]) {
      const { client, sent } = scripted([refused(status), done()])
      assert.equal((await client.update('stamps_com', 'se-1', body)).ok, false)
      assert.equal(sent.length, 1, `${status}`)
    }
    const { client, sent } = scripted([lost(), lost(), lost()], { retries: 2 })
    const result = await client.describe('stamps_com', 'se-1')
    assert.ok(!result.ok && result.error.kind === 'unreachable')
    assert.deepEqual([result.attempts, sent.length], [3, 3])
  })

  test('does not wait for longer than it has', async () => {
    const { client, sent } = scripted([refused(429, { 'retry-after': '3600' })])
    const result = await client.describe('stamps_com', 'se-1')
    assert.ok(!result.ok && result.error.kind === 'refused' && result.error.retryAfterSeconds === 3600)
    assert.equal(sent.length, 1)
  })

  test('ends when its time is over or the caller gives up, and says which', async () => {
    const never: Said = ({ signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)))
    const slow = scripted([never], { timeoutMs: 50 })
    const late = await slow.client.connect('stamps_com', body)
    assert.ok(!late.ok && late.error.kind === 'timeout' && late.error.mayBeDone)
    const left = new AbortController()
    const other = scripted([never])
    const asked = other.client.describe('stamps_com', 'se-1', { signal: left.signal })
    left.abort()
    const given = await asked
    assert.ok(!given.ok && given.error.kind === 'aborted' && !given.error.mayBeDone)
  })

  test('does not call refused what a lost attempt before may have done, for every method and status', async () => {
    const asks = [
      (client: Client) => client.disconnect('stamps_com', 'se-1'),
      (client: Client) => client.disconnectLtl('FXFE', 'se-1'),
      (client: Client) => client.update('stamps_com', 'se-1', body),
      (client: Client) => client.updateLtl('FXFE', 'se-1', { key: 'k', account_number: '1' }),
      (client: Client) => client.updateSettings('ups', 'se-1', { nickname: 'n' }),
      (client: Client) => client.request('DELETE', '/v1/keys/1'),
      (client: Client) => client.request('PUT', ['v1', 'environment', 'webhooks', '1'], { body }),
    ]
    const cases = [lost, () => refused(503), () => new Response('<p>', { status: 503 })].flatMap((first) =>
      [400, 401, 403, 404, 409, 410, 412, 422, 429, 502].flatMap((status) =>
        asks.map((ask) => ({ first, status, ask })),
      ),
    )
    const each = cases.map(async ({ first, status, ask }) => {
      const headers = { 'retry-after': status === 429 ? '3600' : '0', 'hawser-condition': 'label_unknown' }
      const { client, sent } = scripted([first(), refused(status, headers)])
      const result = await ask(client)
      assert.ok(!result.ok && result.error.kind === 'unsure', `${status} ${JSON.stringify(result)}`)
      const { status: told, mayBeDone, problems, condition } = result.error
      assert.deepEqual([told, mayBeDone, problems.length], [status, true, 1])
      assert.deepEqual([condition, result.attempts, sent.length], ['label_unknown', 2, 2])
    })
    await Promise.all(each)
    const { client } = scripted([lost(), refused(404)])
    refusalOf(await client.describe('stamps_com', 'se-1'))
    const held = scripted([refused(429, { 'retry-after': '0.01' }), refused(404)])
    refusalOf(await held.client.disconnect('stamps_com', 'se-1'))
  })

  test('names what is no answer of the server, whatever its status says', async () => {
    const page = { headers: { 'content-type': 'text/html' } }
    const asks = [
      [(client: Client) => client.describe('stamps_com', 'se-1'), false],
      [(client: Client) => client.connect('stamps_com', body), true],
      [(client: Client) => client.disconnect('stamps_com', 'se-1'), true],
    ] as const
    for (const said of [
      () => new Response('<h1>Sign in</h1>', page),
      () => new Response('', page),
      () => new Response('{"carrier_id":', { headers: { 'content-type': 'application/json' } }),
      () => new Response(null, { status: 302, headers: { location: 'https://login.test/' } }),
    ])
      for (const [ask, mayBeDone] of asks) {
        const { client, sent } = scripted([said(), done()])
        const result = await ask(client)
        assert.ok(!result.ok && result.error.kind === 'unreadable', JSON.stringify(result))
        assert.deepEqual([result.error.mayBeDone, sent.length], [mayBeDone, 1])
        assert.equal(result.error.status, said().status)
        assert.equal(result.error.contentType, said().headers.get('content-type') ?? undefined)
      }
    const { client } = scripted([new Response(null, { status: 204 })])
    assert.equal(valueOf(await client.disconnect('stamps_com', 'se-1')), undefined)
  })

  const NO_IDS = ['', '.', '..', '%2e', '.%2E', '\ud800', undefined as unknown as string]
  const byId: ((client: Client, id: string) => Promise<Result<unknown>>)[] = [
    (client, id) => client.update('stamps_com', id, body),
    (client, id) => client.updateSettings('ups', id, {}),
    (client, id) => client.describe('ups', id),
    (client, id) => client.verify('ups', id),
    (client, id) => client.rollback('ups', id),
    (client, id) => client.disconnect('ups', id),
    (client, id) => client.restore('ups', id),
    (client, id) => client.updateLtl('FXFE', id, { key: 'k', account_number: '1' }),
    (client, id) => client.disconnectLtl('FXFE', id),
    (client, id) => client.request('DELETE', ['v1', 'keys', id]),
    (client, name) => client.connect(name as 'stamps_com', body),
    (client, name) => client.tryCredentials(name as 'stamps_com', body),
    (client, name) => client.describe(name, 'se-1'),
    (client, name) => client.disconnect(name, 'se-1'),
    (client, name) => client.connectLtl(name as 'FXFE', { key: 'k', account_number: '1' }),
    (client, name) => client.disconnectLtl(name, 'se-1'),
  ]

  test('sends no path that means another one, for every part of every path', async () => {
    for (const ask of byId)
      for (const id of NO_IDS) {
        const { client, sent } = scripted([done()])
        const result = await ask(client, id)
        assert.ok(!result.ok && result.error.kind === 'unsent', `${String(ask)} ${id}`)
        assert.ok(result.error.cause instanceof TypeError && !result.error.mayBeDone)
        assert.deepEqual([result.attempts, sent], [0, []])
      }
    for (const id of ['a/b', 'a?b', 'a#b', ' ', '...', '.a']) {
      const { client, sent } = scripted([done()])
      valueOf(await client.describe('ups', id))
      assert.deepEqual(sent, [`GET /v1/connections/carriers/ups/${encodeURIComponent(id)}`])
    }
    for (const path of [
      '',
      'v1/keys',
      '//other.test/v1',
      'https://other.test/',
      '/v1/keys/',
      '/v1//keys',
      '/v1/../v2',
      '/v1/%2e%2E/v2',
      '/v1/\\keys',
      '/v1/.\t./keys',
      '/v1/keys#1',
    ]) {
      const { client, sent } = scripted([done()])
      const result = await client.request('GET', path)
      assert.ok(!result.ok && result.error.kind === 'unsent', path)
      assert.deepEqual(sent, [])
    }
    const { client, sent } = scripted([done()])
    valueOf(await client.request('GET', '/v1/audit?actor=../x', { query: { page: 2 } }))
    assert.deepEqual(sent, ['GET /v1/audit'])
  })

  test('reaches a server that stands below a path of its host', async () => {
    for (const baseUrl of ['https://hawser.test/below/here', 'https://hawser.test/below/here/']) {
      const { client, sent } = scripted([done(), done()], { baseUrl })
      valueOf(await client.describe('ups', 'se-1'))
      valueOf(await client.request('GET', '/v1/audit'))
      assert.deepEqual(sent, ['GET /below/here/v1/connections/carriers/ups/se-1', 'GET /below/here/v1/audit'])
    }
  })

  test('sends a key to no other host than that of its base address, whatever path that has', async () => {
    for (const below of ['//evil.test', '/\\evil.test', '//evil.test/', '/..//evil.test', '/a//b']) {
      const urls: string[] = []
      const fetch = (async (url: string) => void urls.push(url)) as unknown as typeof globalThis.fetch
      const { client } = scripted([], { baseUrl: `https://hawser.test${below}`, fetch, retries: 0 })
      await client.request('GET', '/v1/x')
      await client.describe('ups', 'se-1')
      assert.deepEqual(new Set(urls.map((url) => new URL(url).host)), new Set(['hawser.test']), below)
    }
  })

  test('takes a refusal that is not the server’s for no refusal', async () => {
    for (const status of [403, 404, 408, 499]) {
      const page = () => new Response('<h1>no</h1>', { status, headers: { 'content-type': 'text/html' } })
      const { client } = scripted([page()])
      const result = await client.connect('stamps_com', body)
      assert.ok(!result.ok && result.error.kind === 'unreadable' && result.error.mayBeDone)
      assert.deepEqual([result.error.status, result.error.contentType], [status, 'text/html'])
    }
  })

  test('says that nothing was sent where a request cannot be made, and repeats no key', async () => {
    const self: Record<string, unknown> = {}
    self.self = self
    const controller = new AbortController()
    controller.abort()
    const unsent: [Partial<Options>, ((client: Client) => Promise<Result<unknown>>)?][] = [
      ...[
        '',
        'hawser.test',
        'ftp://hawser.test',
        'https://u:planted@hawser.test',
        'https://',
        'https://hawser.test/?key=planted',
        'https://hawser.test/#planted',
      ].map((baseUrl): [Partial<Options>] => [{ baseUrl }]),
      ...['planted\nkey', 'planted\u2019'].flatMap((apiKey): [Partial<Options>][] => [
        [{ apiKey }],
        [{ onBehalfOf: apiKey }],
      ]),
      [{ apiKey: undefined }],
      [{ timeoutMs: Number.NaN }],
      [{ timeoutMs: -1 }],
      [{ fetch: 'fetch' as unknown as typeof fetch }],
      ...[{ a: 1n }, self, () => 1].map(
        (body): [Partial<Options>, (client: Client) => Promise<Result<unknown>>] => [
          {},
          (client) => client.request('POST', '/v1/keys', { body }),
        ],
      ),
      ...['post', 'TRACE'].map((method): [Partial<Options>, (client: Client) => Promise<Result<unknown>>] => [
        {},
        (client) => client.request(method as 'POST', '/v1/keys'),
      ]),
      [{}, (client) => client.request('GET', '/v1/keys', { body })],
      [{}, (client) => client.disconnect('ups', 'se-1', { ifMatch: '"v\n1"' })],
      [{}, (client) => client.disconnect('ups', 'se-1', { signal: controller.signal })],
    ]
    for (const [options, ask = (client: Client) => client.connect('stamps_com', body)] of unsent) {
      const { client, sent } = scripted([done()], options)
      const result = await ask(client)
      const what = JSON.stringify(Object.keys(options)) + String(ask)
      assert.deepEqual([result.ok, result.attempts, sent], [false, 0, []], what)
      assert.ok(!result.ok && result.error.kind === 'unsent' && !result.error.mayBeDone, what)
      assert.ok(!String(result.error.cause).includes('planted'), what)
    }
    for (const timeoutMs of [Infinity, 2 ** 31, 2 ** 40]) {
      const { client } = scripted([refused(503, { 'retry-after': '0.01' }), done()], { timeoutMs })
      assert.deepEqual(valueOf(await client.describe('ups', 'se-1')), { carrier_id: 'se-1' })
    }
  })
})
