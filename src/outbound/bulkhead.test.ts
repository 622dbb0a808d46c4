import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openBreakers, openBulkhead, type Bulkhead } from './bulkhead.ts'
import { Unreachable, type UnreachableReason } from './unreachable.ts'

const reasonIs = (reason: UnreachableReason) => (error: unknown) =>
  error instanceof Unreachable && error.reason === reason
const { signal: never } = new AbortController()

/** Makes works that run until they are released, and records how many of each key ran at the same time. */
function crowd(bulkhead: Bulkhead) {
  const running = new Map<string, number>()
  const most = new Map<string, number>()
  const releases: (() => void)[] = []
  let total = 0
  let mostAtAll = 0
  const enter = (key: string, { signal = never } = {}) =>
    bulkhead(
      key,
      async () => {
        const now = (running.get(key) ?? 0) + 1
        running.set(key, now)
        most.set(key, Math.max(now, most.get(key) ?? 0))
        mostAtAll = Math.max((total += 1), mostAtAll)
        await new Promise<void>((release) => releases.push(release))
        total -= 1
        running.set(key, (running.get(key) ?? 1) - 1)
      },
      signal,
    )
  const releaseAll = async () => {
    for (let idle = 0; idle < 3; idle += 1) {
      for (const release of releases.splice(0)) {
        release()
        idle = 0
      }
      await sleep(1)
    }
  }
  return { enter, releaseAll, most, running, mostAtAll: () => mostAtAll }
}

test('of one key only so many run, so many wait, and the next is told at once', async () => {
  const { enter, releaseAll, most } = crowd(openBulkhead({ perKey: 2, overall: 10, queue: 3 }))
  const entered = Array.from({ length: 5 }, () => enter('a'))
  await assert.rejects(enter('a'), reasonIs('busy'))
  await releaseAll()
  await Promise.all(entered)
  assert.equal(most.get('a'), 2)
})

test('who waits for one key takes no place from the others, and all together stay below the limit', async () => {
  const { enter, releaseAll, most, running, mostAtAll } = crowd(
    openBulkhead({ perKey: 2, overall: 5, queue: 9 }),
  )
  const entered = Array.from({ length: 11 }, () => enter('slow'))
  entered.push(enter('b'))
  await sleep(5)
  assert.equal(running.get('slow'), 2)
  assert.equal(running.get('b'), 1)
  for (const key of ['c', 'd', 'e', 'f']) entered.push(enter(key), enter(key))
  await sleep(5)
  assert.equal(mostAtAll(), 5)
  await releaseAll()
  await Promise.all(entered)
  assert.equal(mostAtAll(), 5)
  assert.ok(Math.max(...most.values()) <= 2)
})

test('work whose time is over before its turn is never begun', async () => {
  const { enter, releaseAll, most } = crowd(openBulkhead({ perKey: 1, overall: 1, queue: 9 }))
  const first = enter('a')
  const late = new AbortController()
  const second = assert.rejects(enter('a', { signal: late.signal }), reasonIs('timeout'))
  const other = assert.rejects(enter('b', { signal: late.signal }), reasonIs('timeout'))
  late.abort()
  await releaseAll()
  await Promise.all([first, second, other])
  assert.equal(most.has('b'), false)
})

const fail = (reason: UnreachableReason) => () => Promise.reject(new Unreachable(reason))

test('a breaker opens after failures in a row, for its host alone, and one call tries again', async () => {
  const breakers = openBreakers({ failures: 5, openMs: 60 })
  for (let i = 0; i < 4; i += 1) await assert.rejects(breakers('a', fail('timeout')), reasonIs('timeout'))
  assert.equal(await breakers('a', async () => 1), 1, 'a reply starts the count anew')
  for (const reason of ['timeout', 'tls', 'refused', 'broken', 'timeout'] as const)
    await assert.rejects(breakers('a', fail(reason)), reasonIs(reason))
  let begun = 0
  const work = async () => (begun += 1)
  await assert.rejects(breakers('a', work), reasonIs('breaker_open'))
  assert.equal(begun, 0)
  assert.equal(await breakers('b', async () => 2), 2)
  await sleep(70)
  await assert.rejects(breakers('a', fail('refused')), reasonIs('refused'), 'half open: it is tried')
  await assert.rejects(breakers('a', work), reasonIs('breaker_open'), 'and opens again')
  await sleep(70)
  assert.equal(await breakers('a', work), 1)
  await assert.rejects(
    breakers('a', fail('timeout')),
    reasonIs('timeout'),
    'closed: one failure is not enough',
  )
  assert.equal(await breakers('a', work), 2)
})

test('while one call tries again, others wait for what it finds', async () => {
  const breakers = openBreakers({ failures: 1, openMs: 20 })
  await assert.rejects(breakers('a', fail('timeout')), reasonIs('timeout'))
  await sleep(30)
  let begun = 0
  const probe = breakers('a', async () => {
    begun += 1
    await sleep(20)
    throw new Unreachable('timeout')
  })
  const others = Array.from({ length: 20 }, () => breakers('a', async () => (begun += 1)))
  const settled = await Promise.allSettled([probe, ...others])
  assert.equal(begun, 1)
  assert.ok(
    settled.slice(1).every((one) => one.status === 'rejected' && reasonIs('breaker_open')(one.reason)),
  )
})

test('what does not speak against a host never opens its breaker', async () => {
  const breakers = openBreakers({ failures: 1, openMs: 60_000 })
  for (const reason of ['blocked', 'too_large', 'busy'] as const)
    await assert.rejects(breakers('a', fail(reason)), reasonIs(reason))
  await assert.rejects(
    breakers('a', () => Promise.reject(new Unreachable('timeout', { againstHost: false }))),
    reasonIs('timeout'),
  )
  assert.equal(await breakers('a', async () => 1), 1)
})
