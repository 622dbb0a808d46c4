import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { OK_REPLY, openPeer, reply } from '../support/outbound/peer.ts'
import { SECRET, CARRIER_CALL, openCarrierServer } from '../support/outbound/carrier-server.ts'
import { resolvedTo, requireUnreachable, openTestOutbound } from '../support/outbound/test-outbound.ts'

test('outbound: a redirect is a reply, and is not followed', async (t) => {
  const canary = await openPeer(t, reply(OK_REPLY))
  for (const status of [301, 302, 303, 307, 308]) {
    const location = `http://127.0.0.1:${canary.port}/`
    const { ask, seen } = await openCarrierServer(
      t,
      reply(
        `HTTP/1.1 ${status} Moved\r\nlocation: ${location}\r\nrefresh: 0;url=${location}\r\ncontent-length: 0\r\n\r\n`,
      ),
    )
    const { headers, ...rest } = await ask()
    assert.deepEqual(rest, { status, body: '' })
    assert.equal(headers.location, location)
    assert.equal(seen.made, 1)
  }
  assert.equal(canary.seen.made, 0)
})

test('outbound: a carrier hears the request as it was built, and its answer comes back as text', async (t) => {
  const { ask, heard } = await openCarrierServer(t, (socket, request) => {
    socket.end(
      `HTTP/1.1 418 Teapot\r\nX-Two: a\r\nx-two: b\r\ncontent-encoding: identity\r\n\r\n\ufeff${request}`,
    )
  })
  const { status, headers, body } = await ask({ url: 'https://carrier.test:8443/a%2fb?c=d#e' })
  assert.equal(status, 418)
  assert.equal(headers['x-two'], 'a, b')
  assert.equal(body.indexOf('POST /a%2fb?c=d HTTP/1.1\r\n'), 0)
  for (const line of [
    'host: carrier.test:8443',
    'connection: close',
    'accept-encoding: identity',
    `authorization: Basic ${SECRET}`,
  ])
    assert.ok(heard().includes(`\r\n${line}\r\n`), line)
  assert.equal(heard().match(/host:/gi)?.length, 1)
  assert.ok(heard().endsWith(CARRIER_CALL.body ?? ''))
})

test('outbound: a reply with a length ends with it, and one that is as large as it may be is whole', async (t) => {
  const short = await openCarrierServer(t, reply(`HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcdef`))
  assert.equal((await short.ask()).body, 'abc')
  const large = await openCarrierServer(
    t,
    reply(`HTTP/1.1 200 OK\r\ncontent-length: 262144\r\n\r\n${'é'.repeat(131_072)}`),
  )
  assert.equal((await large.ask()).body, 'é'.repeat(131_072))
  const old = await openCarrierServer(t, reply('HTTP/1.0 200 OK\r\n\r\nuntil the end'))
  assert.equal((await old.ask({ method: 'GET', url: 'http://carrier.test/' })).body, 'until the end')
})

test('outbound: an override to localhost reaches this machine by whichever address it has there', async (t) => {
  const peer = await openPeer(t, reply(OK_REPLY))
  const overrides = new Map([['carrier.test', `http://localhost:${peer.port}`]])
  assert.equal(
    (await openTestOutbound(t, { overrides }).ask('test', ['carrier.test'], CARRIER_CALL)).body,
    'ok',
  )
  const strayed = openTestOutbound(t, {
    overrides,
    resolve: async () => resolvedTo('10.0.0.1'),
    allow: ['10.0.0.0/8'],
  })
  await requireUnreachable(
    strayed.ask('test', ['carrier.test'], CARRIER_CALL),
    'blocked',
    'a localhost that is elsewhere',
  )
})

test('outbound: a header that could become two, or belongs to the connection, is never sent', async (t) => {
  const { ask, seen } = await openCarrierServer(t, reply(OK_REPLY))
  const wrong: Record<string, string>[] = [
    ...['a\r\nb: c', 'a\nb', 'a\u0000', '\u007f', '\u0085', 'ключ', '😀', '\u2028', 'a\tb'].map((value) => ({
      'x-key': value,
    })),
    ...['x key', 'x:key', '', 'x\r\ny', 'é'].map((name) => ({ [name]: 'a' })),
    ...[
      'Host',
      'connection',
      'Content-Length',
      'transfer-encoding',
      'Upgrade',
      'expect',
      'TE',
      'Accept-Encoding',
      'Proxy-Authorization',
    ].map((name) => ({ [name]: 'a' })),
  ]
  for (const headers of wrong) await requireUnreachable(ask({ headers }), 'broken', JSON.stringify(headers))
  assert.equal(seen.made, 0)
  assert.equal(
    (await ask({ headers: { 'x-key': 'pässword ÿ~' } })).body,
    'ok',
    'they blame nobody, and latin1 is sent',
  )
})

test('outbound: each call is one line for debugging, with who, how it ended and how long it took', async (t) => {
  const { ask, way } = await openCarrierServer(t, reply(OK_REPLY))
  await ask()
  await requireUnreachable(ask({ url: `https://${SECRET}.test/` }), 'blocked')
  await requireUnreachable(
    way.deliver({ tenantId: 't', url: `https://127.0.0.1/${SECRET}`, headers: { a: SECRET }, body: SECRET }),
    'blocked',
  )
  const lines = way.logs.map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual(
    lines.map(({ time: _, ms, ...line }) => ({ ...line, ms: typeof ms })),
    [
      { level: 'debug', carrier: 'test', status: 200, ms: 'number', msg: 'outbound' },
      { level: 'debug', carrier: 'test', reason: 'blocked', ms: 'number', msg: 'outbound' },
      { level: 'debug', webhook: true, reason: 'blocked', ms: 'number', msg: 'outbound' },
    ],
  )
  assert.ok(!way.logs.join('').includes(SECRET.toLowerCase()) && !way.logs.join('').includes(SECRET))
})

test('outbound: proxies that the environment names are not used', async (t) => {
  const proxy = await openPeer(t, reply(OK_REPLY))
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'NODE_USE_ENV_PROXY']
  for (const name of names)
    process.env[name] = name.startsWith('NODE') ? '1' : `http://127.0.0.1:${proxy.port}`
  t.after(() => names.forEach((name) => delete process.env[name]))
  const { ask } = await openCarrierServer(t, reply(OK_REPLY))
  assert.equal((await ask()).status, 200)
  assert.equal(proxy.seen.made, 0)
})

test('outbound: closing ends what is under way and lets nothing new out', async (t) => {
  const { ask, way, seen } = await openCarrierServer(t, () => undefined, { totalMs: 10_000 })
  const calls = Array.from({ length: 12 }, () => requireUnreachable(ask(), 'refused'))
  while (seen.made < 8) await sleep(5)
  await way.close()
  await Promise.all(calls)
  await requireUnreachable(ask(), 'refused')
  assert.equal(seen.made, 8)
  while (seen.open > 0) await sleep(5)
})
