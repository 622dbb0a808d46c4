import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Unreachable } from '../../src/outbound/unreachable.ts'
import { OK_REPLY, openPeer, reply } from '../support/outbound/peer.ts'
import { requireUnreachable, openTestOutbound, type TestOutbound } from '../support/outbound/test-outbound.ts'

const ask = (way: TestOutbound, carrier: string) =>
  way.ask(carrier, [`${carrier}.test`], { method: 'GET', url: `https://${carrier}.test/`, headers: {} })
const toPort = (port: number) => `http://127.0.0.1:${port}`

/** Counts the calls by how they ended. */
async function tally(calls: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const one of await Promise.allSettled(calls)) {
    const how =
      one.status === 'fulfilled' ? 'reply' : one.reason instanceof Unreachable ? one.reason.reason : 'other'
    counts[how] = (counts[how] ?? 0) + 1
  }
  return counts
}

test('outbound: five hundred calls to a carrier that says nothing use eight connections, and hold up nobody else', async (t) => {
  const pit = await openPeer(t, () => undefined)
  const good = await openPeer(t, reply(OK_REPLY))
  const overrides = new Map([
    ['pit.test', toPort(pit.port)],
    ['good.test', toPort(good.port)],
  ])
  const way = openTestOutbound(t, { overrides, limits: { totalMs: 2_000 } })
  const began = performance.now()
  const calls = Array.from({ length: 500 }, () => ask(way, 'pit'))
  const counted = tally(calls)
  await sleep(100)
  for (let i = 0; i < 20; i += 1) {
    const asked = performance.now()
    assert.equal((await ask(way, 'good')).status, 200)
    assert.ok(performance.now() - asked < 500)
  }
  assert.equal(pit.seen.made, 8)
  const { busy, timeout, breaker_open: open = 0, ...rest } = await counted
  assert.equal(busy, 500 - 8 - 128)
  assert.equal((timeout ?? 0) + open, 136)
  assert.deepEqual(rest, {})
  assert.ok(performance.now() - began < 4_000, 'waiting counts too')
  assert.equal(pit.seen.most, 8, 'who waited takes no further place')
})

test('outbound: many silent carriers together use no more than the places there are', async (t) => {
  const pit = await openPeer(t, () => undefined)
  const carriers = Array.from({ length: 20 }, (_, i) => `pit${i}`)
  const overrides = new Map(carriers.map((carrier) => [`${carrier}.test`, toPort(pit.port)]))
  const way = openTestOutbound(t, { overrides, limits: { totalMs: 1_000 } })
  const calls = carriers.flatMap((carrier) => Array.from({ length: 10 }, () => ask(way, carrier)))
  const { reply: replies = 0, other = 0 } = await tally(calls)
  assert.equal(replies + other, 0)
  assert.equal(pit.seen.most, 64)
})

test('outbound: a call that had to wait for its turn is given up with the others, and blames nobody', async (t) => {
  const slow = await openPeer(t, (socket) => setTimeout(() => socket.end(OK_REPLY), 150))
  const way = openTestOutbound(t, {
    overrides: new Map([['slow.test', toPort(slow.port)]]),
    limits: { totalMs: 500, perKey: 1, failures: 1 },
  })
  const began = performance.now()
  const counts = await tally(Array.from({ length: 10 }, () => ask(way, 'slow')))
  assert.ok(performance.now() - began < 1_500)
  assert.ok((counts.reply ?? 0) >= 2 && (counts.timeout ?? 0) >= 5, JSON.stringify(counts))
  assert.equal((await ask(way, 'slow')).status, 200, 'the breaker is closed')
})

test('outbound: after five failures in a row a host is left alone, until one call finds it well', async (t) => {
  const host = await openPeer(t, (socket) => (isIll ? socket.destroy() : socket.end(OK_REPLY)))
  let isIll = true
  const way = openTestOutbound(t, {
    overrides: new Map([['ill.test', toPort(host.port)]]),
    limits: { openMs: 300 },
  })
  for (let i = 0; i < 5; i += 1) await requireUnreachable(ask(way, 'ill'), 'broken')
  for (let i = 0; i < 20; i += 1) await requireUnreachable(ask(way, 'ill'), 'breaker_open')
  assert.equal(host.seen.made, 5)
  await sleep(350)
  await requireUnreachable(ask(way, 'ill'), 'broken')
  await requireUnreachable(ask(way, 'ill'), 'breaker_open')
  assert.equal(host.seen.made, 6)
  isIll = false
  await sleep(350)
  assert.equal((await ask(way, 'ill')).status, 200)
  assert.equal((await ask(way, 'ill')).status, 200)
})

test('outbound: a carrier that answers, whatever it says, is never left alone', async (t) => {
  const angry = await openPeer(t, reply('HTTP/1.1 503 Angry\r\ncontent-length: 0\r\n\r\n'))
  const way = openTestOutbound(t, { overrides: new Map([['angry.test', toPort(angry.port)]]) })
  for (let i = 0; i < 20; i += 1) assert.equal((await ask(way, 'angry')).status, 503)
})
