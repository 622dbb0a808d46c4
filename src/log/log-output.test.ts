import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as nextLoop } from 'node:timers/promises'
import { createLog } from '../log.ts'
import { boundedOutput } from './log-output.ts'

const MOST = 10_000

/** Returns a stream whose reader reads only after `start` was called. */
function stalled() {
  const read: string[] = []
  let isReading = false
  let goOn = () => {}
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      goOn = () => {
        read.push(text)
        done()
      }
      if (isReading) goOn()
    },
  })
  const start = () => {
    isReading = true
    goOn()
  }
  return {
    stream,
    start,
    stop: () => void (isReading = false),
    lines: () => read.join('').trim().split('\n'),
  }
}

test('a log that nobody reads stays small, and says how much it has dropped once it is read', async () => {
  const { stream, start, lines } = stalled()
  const log = createLog('info', boundedOutput(stream, { most: MOST }))
  for (let number = 1; number <= 1_000; number += 1) {
    log.info({ number }, 'a line')
    if (number % 10 === 0) await nextLoop()
    assert.ok(stream.writableLength <= MOST)
  }
  start()
  await nextLoop()
  await nextLoop()
  log.info('read again')
  await nextLoop()
  const read = lines().map((line) => JSON.parse(line))
  const kept = read.filter(({ msg }) => msg === 'a line')
  assert.deepEqual(
    kept.map(({ number }) => number),
    kept.map((_, index) => index + 1),
  )
  assert.ok(kept.length > 50)
  const told = read.slice(kept.length)
  assert.deepEqual(
    told.map(({ msg, dropped }) => [msg, dropped]),
    [
      ['nobody read the log: lines were dropped', 1_000 - kept.length],
      ['read again', undefined],
    ],
  )
})

test('a reader that keeps up gets every line, and nothing is said', async () => {
  const { stream, start, lines } = stalled()
  start()
  const log = createLog('info', boundedOutput(stream, { most: MOST }))
  for (let number = 0; number < 1_000; number += 1) {
    log.info({ number }, 'a line')
    await nextLoop()
  }
  assert.equal(lines().length, 1_000)
})

test('a reader that is gone ends the writing and nothing else', async () => {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) })
  const log = createLog('info', boundedOutput(stream, { most: MOST }))
  for (let number = 0; number < 10; number += 1) {
    log.info({ number }, 'a line')
    await nextLoop()
  }
  assert.equal(stream.writableLength, 0)
})
