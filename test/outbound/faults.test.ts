import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { UnreachableReason } from '../../src/outbound/unreachable.ts'
import { QUICK_LIMITS, SECRET, openCarrierServer } from '../support/outbound/carrier-server.ts'
import { requireUnreachable } from '../support/outbound/test-outbound.ts'
import { reply, type Talk } from '../support/outbound/peer.ts'

/** Sends a piece again and again for as long as it is taken. */
const again = (piece: string | Buffer, everyMs: number): Talk => {
  return (socket) => {
    const send = () => {
      while (socket.writable && socket.write(piece) && everyMs === 0);
    }
    const timer = everyMs > 0 ? setInterval(send, everyMs) : undefined
    socket.on('drain', send).on('close', () => clearInterval(timer))
    send()
  }
}
const first =
  (head: string, then: Talk): Talk =>
  (socket, heard) => {
    socket.write(head)
    then(socket, heard)
  }
const nothing: Talk = () => undefined
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n'
const MEGABYTE = 'x'.repeat(1_048_576)

const bad: Record<string, [talk: Talk | 'hang up', reason: UnreachableReason | UnreachableReason[]]> = {
  'hangs up at once': ['hang up', ['broken', 'refused']],
  'accepts and says nothing': [nothing, 'timeout'],
  'says half a status line': [reply('HTTP/1.1 20'), 'broken'],
  'says its head byte by byte': [again('H', 100), ['timeout', 'broken']],
  'drips header lines': [first(HEAD, again('a: b\r\n', 50)), 'timeout'],
  'drips its body': [first(`${HEAD}content-length: 1000\r\n\r\n`, again('x', 50)), 'timeout'],
  'drips a body without a length': [first(`${HEAD}\r\n`, again('x', 50)), 'timeout'],
  'drips chunks': [first(`${HEAD}transfer-encoding: chunked\r\n\r\n`, again('1\r\nx\r\n', 50)), 'timeout'],
  'stops in its body': [first(`${HEAD}content-length: 1000\r\n\r\nabc`, nothing), 'timeout'],
  'says for ever that it goes on': [again('HTTP/1.1 103 Early Hints\r\n\r\n', 20), 'timeout'],
  'sends an endless body': [first(`${HEAD}\r\n`, again(MEGABYTE, 0)), 'too_large'],
  'sends endless chunks': [
    first(`${HEAD}transfer-encoding: chunked\r\n\r\n`, again(`100000\r\n${MEGABYTE}\r\n`, 0)),
    'too_large',
  ],
  'sends ten megabytes': [first(`${HEAD}content-length: 10485760\r\n\r\n`, again(MEGABYTE, 0)), 'too_large'],
  'sends one byte too many': [
    reply(`${HEAD}content-length: 262145\r\n\r\n${'x'.repeat(262_145)}`),
    'too_large',
  ],
  'sends one giant header': [reply(`${HEAD}a: ${'x'.repeat(17_000)}\r\n\r\n`), 'too_large'],
  'sends endless headers': [
    first(HEAD, again('aaaaaaaaaaaaaaaa: bbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n'.repeat(99), 0)),
    'too_large',
  ],
  'closes in its body': [reply(`${HEAD}content-length: 1000\r\n\r\nabc`), 'broken'],
  'closes in a chunk': [reply(`${HEAD}transfer-encoding: chunked\r\n\r\n5\r\nabc`), 'broken'],
  'resets in its body': [
    (socket) =>
      socket.write(`${HEAD}content-length: 1000\r\n\r\nabc`, () =>
        setTimeout(() => socket.resetAndDestroy(), 20),
      ),
    'broken',
  ],
  'sends a length that is none': [reply(`${HEAD}content-length: ten\r\n\r\nabc`), 'broken'],
  'sends two lengths': [reply(`${HEAD}content-length: 3\r\ncontent-length: 4\r\n\r\nabcd`), 'broken'],
  'sends a length and chunks': [
    reply(`${HEAD}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`),
    'broken',
  ],
  'sends a bad chunk': [reply(`${HEAD}transfer-encoding: chunked\r\n\r\nzz\r\nabc`), 'broken'],
  'switches protocols': [
    reply('HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n'),
    'broken',
  ],
  'speaks something else': [reply('SSH-2.0-OpenSSH_9.2\r\n'), 'broken'],
  'sends gzip though it was not asked for': [
    (socket) => {
      const bomb = gzipSync(Buffer.alloc(50_000_000))
      socket.write(`${HEAD}content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`)
      socket.end(bomb)
    },
    'broken',
  ],
  'sends brotli in another case': [
    reply(`${HEAD}Content-Encoding: BR\r\ncontent-length: 1\r\n\r\nx`),
    'broken',
  ],
}

describe('outbound: a carrier in bad weather', { concurrency: 4 }, () => {
  for (const [what, [talk, reason]] of Object.entries(bad))
    test(`outbound: a carrier that ${what} ends as ${[reason].flat().join(' or ')}, in time, with no connection left`, async (t) => {
      const { ask, seen, written, way } = await openCarrierServer(t, talk)
      const began = performance.now()
      await requireUnreachable(ask(), reason, what)
      assert.ok(performance.now() - began < 2_500, 'in time')
      assert.equal(seen.made, 1, 'nothing is sent twice')
      for (let i = 0; i < 100 && seen.open > 0; i += 1) await sleep(10)
      assert.equal(seen.open, 0)
      assert.ok(written() < 12_000_000, `${written()} bytes were taken`)
      const lines = way.logs.join('')
      assert.ok(!lines.includes(SECRET) && !lines.includes('carrier.test') && !lines.includes('127.0.0.1'))
    })
})

test('outbound: endless bodies take no memory beyond the limit', async (t) => {
  const { ask } = await openCarrierServer(t, first(`${HEAD}\r\n`, again(Buffer.alloc(65_536, 120), 0)), {
    ...QUICK_LIMITS,
    failures: 999,
  })
  await requireUnreachable(ask(), 'too_large')
  const before = process.memoryUsage().rss
  for (let i = 0; i < 50; i += 1) await requireUnreachable(ask(), 'too_large')
  const grown = process.memoryUsage().rss - before
  assert.ok(grown < 64 * 1_048_576, `${Math.round(grown / 1_048_576)} MiB`)
})

test('outbound: in the worst weather a call ends within 16 seconds, with the limits of production', async (t) => {
  if (process.env.HAWSER_TEST_QUICK === '1') return t.skip('it takes 15 seconds')
  const talks = [
    nothing,
    again('a: b\r\n', 1_000),
    first(`${HEAD}content-length: 99\r\n\r\n`, again('x', 1_000)),
  ]
  const began = performance.now()
  await Promise.all(
    talks.map(async (talk) => {
      const { ask } = await openCarrierServer(t, talk, {})
      await requireUnreachable(ask(), ['timeout', 'broken'])
    }),
  )
  assert.ok(performance.now() - began < 16_000)
})
