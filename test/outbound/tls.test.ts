import assert from 'node:assert/strict'
import type { TLSSocket } from 'node:tls'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { OK_REPLY, openPeer, reply, testCa } from '../support/outbound/peer.ts'
import {
  resolvedTo,
  requireUnreachable,
  openTestOutbound,
  type TestOutbound,
} from '../support/outbound/test-outbound.ts'

const ask = (way: TestOutbound, host: string) =>
  way.ask('test', [host], { method: 'GET', url: `https://${host}/`, headers: {} })

test('outbound: a certificate of an unknown authority is refused, and taken once the operator trusts it', async (t) => {
  const peer = await openPeer(t, reply(OK_REPLY), { tls: true })
  const names: unknown[] = []
  peer.server.on('secureConnection', (socket: TLSSocket) => names.push(socket.servername))
  const overrides = new Map([
    ['carrier.test', `https://127.0.0.1:${peer.port}`],
    ['other.test', `https://127.0.0.1:${peer.port}`],
  ])
  await requireUnreachable(ask(openTestOutbound(t, { overrides }), 'carrier.test'), 'tls')
  assert.equal(peer.heard(), '', 'no byte of the request is sent')
  const trusting = openTestOutbound(t, { overrides, ca: testCa })
  assert.equal((await ask(trusting, 'carrier.test')).body, 'ok')
  assert.equal(names.at(-1), 'carrier.test', 'the name is the carrier’s, not the origin’s')
  const before = peer.heard()
  await requireUnreachable(ask(trusting, 'other.test'), 'tls', 'a certificate for another name')
  assert.equal(peer.heard(), before)
})

test('outbound: no variable of the environment turns the check of certificates off', async (t) => {
  const peer = await openPeer(t, reply(OK_REPLY), { tls: true })
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  t.after(() => delete process.env.NODE_TLS_REJECT_UNAUTHORIZED)
  const overrides = new Map([['carrier.test', `https://127.0.0.1:${peer.port}`]])
  await requireUnreachable(ask(openTestOutbound(t, { overrides }), 'carrier.test'), 'tls')
  assert.equal(peer.heard(), '')
})

test('outbound: a host that accepts and never agrees on TLS is given up, and one that speaks in clear is refused', async (t) => {
  const silent = await openPeer(t, () => undefined)
  const overrides = new Map([['carrier.test', `https://127.0.0.1:${silent.port}`]])
  const way = openTestOutbound(t, { overrides, limits: { connectMs: 300 } })
  const began = performance.now()
  await requireUnreachable(ask(way, 'carrier.test'), 'timeout')
  assert.ok(performance.now() - began < 1_500)
  const clear = await openPeer(t, () => undefined)
  clear.server.on('connection', (socket) => socket.end(OK_REPLY))
  const other = openTestOutbound(t, {
    overrides: new Map([['carrier.test', `https://127.0.0.1:${clear.port}`]]),
  })
  await requireUnreachable(ask(other, 'carrier.test'), 'tls')
})

/** Opens a receiver under a name that the resolver finds on this machine, and that the operator allows. */
async function openReceiver(t: Parameters<typeof openPeer>[0], talk: Parameters<typeof openPeer>[1]) {
  const peer = await openPeer(t, talk, { tls: true })
  const way = openTestOutbound(t, {
    ca: testCa,
    allow: ['127.0.0.1'],
    resolve: async () => resolvedTo('127.0.0.1'),
    limits: { ports: [peer.port], receiptMs: 300 },
  })
  const deliver = () =>
    way.deliver({
      tenantId: 't',
      url: `https://carrier.test:${peer.port}/hook`,
      headers: { 'webhook-id': 'msg_1', 'content-type': 'application/json' },
      body: '{"a":"é"}',
    })
  return { ...peer, deliver }
}

test('outbound: a receiver gets the message byte for byte, and answers with a status and when to come again', async (t) => {
  const answers: [string, object][] = [
    ['204 No Content\r\n\r\n', { status: 204 }],
    ['200 OK\r\ncontent-length: 2\r\n\r\nok', { status: 200 }],
    ['302 Found\r\nlocation: https://127.0.0.1/\r\ncontent-length: 0\r\n\r\n', { status: 302 }],
    ['410 Gone\r\ncontent-length: 0\r\n\r\n', { status: 410 }],
    ['503 Busy\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n', { status: 503, retryAfter: 120 }],
    ['429 Busy\r\nretry-after: 9999999\r\ncontent-length: 0\r\n\r\n', { status: 429, retryAfter: 86_400 }],
    ['429 Busy\r\nretry-after: soon\r\ncontent-length: 0\r\n\r\n', { status: 429 }],
    ['429 Busy\r\nretry-after: -5\r\ncontent-length: 0\r\n\r\n', { status: 429 }],
    ['200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc', { status: 200 }],
    ['200 OK\r\ncontent-length: 100\r\n\r\nabc', { status: 200 }],
  ]
  let next = ''
  const { deliver, heard, seen } = await openReceiver(t, (socket) => socket.end(`HTTP/1.1 ${next}`))
  for (const [answer, receipt] of answers) {
    next = answer
    assert.deepEqual(await deliver(), receipt, answer)
  }
  const date = new Date(Date.now() + 60_000).toUTCString()
  next = `503 Busy\r\nretry-after: ${date}\r\ncontent-length: 0\r\n\r\n`
  const { retryAfter = 0 } = await deliver()
  assert.ok(retryAfter > 50 && retryAfter <= 60)
  assert.match(heard(), /^POST \/hook HTTP\/1\.1\r\n/)
  assert.ok(Buffer.from(heard(), 'latin1').toString('utf8').includes('\r\n\r\n{"a":"é"}'))
  assert.equal(seen.made, answers.length + 1)
})

test('outbound: a receiver that talks on and on, or slowly, is left once its status is known', async (t) => {
  const endless = await openReceiver(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    const send = () => {
      while (socket.writable && socket.write('x'.repeat(65_536)));
    }
    socket.on('drain', send)
    send()
  })
  assert.deepEqual(await endless.deliver(), { status: 200 })
  const dripping = await openReceiver(t, (socket) => {
    socket.write('HTTP/1.1 202 Accepted\r\ncontent-length: 1000\r\n\r\n')
    const timer = setInterval(() => socket.write('x'), 50)
    socket.on('close', () => clearInterval(timer))
  })
  const began = performance.now()
  assert.deepEqual(await dripping.deliver(), { status: 202 })
  assert.ok(performance.now() - began < 2_000)
  for (let i = 0; i < 100 && endless.seen.open + dripping.seen.open > 0; i += 1) await sleep(10)
  assert.equal(endless.seen.open + dripping.seen.open, 0)
  assert.ok(endless.written() < 12_000_000)
})
