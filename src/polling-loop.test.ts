import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { setImmediate as breathe } from 'node:timers/promises'
import { createPollingLoop, shuffle, waitFor } from './polling-loop.ts'

const HOUR_MS = 60 * 60_000

/** Returns a loop that counts its looks, and the failures that it tells of. */
function countingLoop(look: (count: number) => Promise<unknown> = async () => {}) {
  let looks = 0
  const failures: unknown[] = []
  const loop = createPollingLoop(
    () => {
      looks += 1
      return look(looks)
    },
    { waitMs: (last) => (last === 'failed' ? 0 : HOUR_MS), onFailure: (error) => failures.push(error) },
  )
  return { loop, looks: () => looks, failures }
}

describe('polling loop', () => {
  test('looks once, and again only when it is told to', async () => {
    const { loop, looks } = countingLoop()
    loop.start()
    loop.start()
    await breathe()
    assert.equal(looks(), 1)
    loop.lookAgain()
    await breathe()
    assert.equal(looks(), 2)
    await loop.stop()
    assert.equal(looks(), 2)
  })

  test('a call during a look makes the next one come at once', async () => {
    const { loop, looks } = countingLoop(async (count) => {
      if (count === 1) loop.lookAgain()
    })
    loop.start()
    await breathe()
    assert.equal(looks(), 2)
    await loop.stop()
  })

  test('a look that fails is told of, and the loop goes on', async () => {
    const { loop, looks, failures } = countingLoop(async (count) => {
      if (count === 1) throw new Error('no database')
    })
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      loop.start()
      await breathe()
      mock.timers.tick(1)
      await breathe()
      assert.equal(looks(), 2)
      assert.deepEqual(failures, [new Error('no database')])
    } finally {
      mock.timers.reset()
    }
    await loop.stop()
  })

  test('stop waits for the look under way, and begins no other', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { loop, looks } = countingLoop(() => promise)
    loop.start()
    let isOver = false
    const stopped = loop.stop().then(() => (isOver = true))
    await breathe()
    assert.ok(loop.isStopped() && !isOver)
    resolve()
    await stopped
    assert.equal(looks(), 1)
  })

  test('a loop that was never started stops at once', async () => {
    const { loop, looks } = countingLoop()
    await loop.stop()
    assert.equal(looks(), 0)
  })
})

test('waitFor ends with the last promise, also where one rejects, and no later than its time', async () => {
  await waitFor([Promise.resolve(), Promise.reject(new Error('refused'))], HOUR_MS)
  await waitFor([new Promise(() => {})], 1)
})

test('shuffle keeps every entry, in the order that the numbers give', () => {
  const numbers = [0.3, 0.1, 0.2]
  assert.deepEqual(
    shuffle(['a', 'b', 'c'], () => numbers.shift() ?? 0),
    ['b', 'c', 'a'],
  )
})
