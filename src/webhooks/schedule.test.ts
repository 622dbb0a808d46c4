import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHopeless, planNextDelivery, SCHEDULE } from './schedule.ts'

const HOUR = 3_600_000
const half = 0.5

test('only 2xx is delivered; 3xx, 4xx, 5xx and no answer are tried again, and 410 ends it', () => {
  for (const status of [200, 201, 202, 204, 299])
    assert.deepEqual(planNextDelivery({ status }, 1, half), { kind: 'delivered' })
  for (const status of [100, 199, 300, 301, 302, 307, 308, 400, 401, 404, 408, 429, 500, 503, 599, undefined])
    assert.deepEqual(planNextDelivery({ status }, 1, half), { kind: 'retry', inMs: 5_000 }, `${status}`)
  assert.deepEqual(planNextDelivery({ status: 410 }, 1, half), { kind: 'gone' })
})

test('the waits are 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, and then it has failed', () => {
  const waits = [5 / 3_600, 5 / 60, 0.5, 2, 5, 10, 14, 20, 24].map((hours) => Math.round(hours * HOUR))
  for (const [index, wait] of waits.entries()) {
    assert.deepEqual(planNextDelivery({ status: 500 }, index + 1, half), { kind: 'retry', inMs: wait })
    assert.deepEqual(planNextDelivery({ status: 500 }, index + 1, 0), { kind: 'retry', inMs: wait * 0.8 })
    assert.deepEqual(planNextDelivery({ status: 500 }, index + 1, 1), { kind: 'retry', inMs: wait * 1.2 })
  }
  assert.deepEqual(planNextDelivery({ status: 500 }, 10, half), { kind: 'failed' })
  assert.equal(SCHEDULE.length, 10)
})

test('Retry-After counts with 429 and 503 only, up to 24 hours, and never shortens a wait', () => {
  const inMs = (status: number, retryAfter: number, { attempts = 1 } = {}) => {
    const next = planNextDelivery({ status, retryAfter }, attempts, half)
    return next.kind === 'retry' ? next.inMs : undefined
  }
  for (const status of [429, 503]) {
    assert.equal(inMs(status, 120), 120_000)
    assert.equal(inMs(status, 1), 5_000)
    assert.equal(inMs(status, 999_999), 24 * HOUR)
    assert.equal(inMs(status, -5), 5_000)
    assert.equal(inMs(status, 60, { attempts: 4 }), 2 * HOUR)
  }
  assert.equal(inMs(500, 120), 5_000)
})

test('an endpoint is hopeless after five days without success, and only when a message has failed five times', () => {
  const since = new Date('2026-01-01T00:00:00.000Z')
  const after = (hours: number) => new Date(since.getTime() + hours * HOUR)
  assert.equal(isHopeless(since.toISOString(), 5, after(120)), true)
  assert.equal(isHopeless(since.toISOString(), 5, after(119.9)), false)
  assert.equal(isHopeless(since.toISOString(), 4, after(500)), false)
})
