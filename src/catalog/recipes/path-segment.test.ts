import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Unsendable } from '../sendable.ts'
import { pathSegment } from './path-segment.ts'

test('a value stays the one segment that it is written into', () => {
  for (const value of ['a', 'a/b', '...', '.a', '%2e%2e', '/', '..\\', '?', '#', ' ', '\t', 'é', '😀', 0]) {
    const { pathname } = new URL(`https://carrier.example/a/${pathSegment(value)}/b`)
    const segments = pathname.split('/')
    assert.deepEqual([segments.length, segments[1], segments[3]], [4, 'a', 'b'], String(value))
    assert.equal(decodeURIComponent(segments[2] ?? ''), String(value))
  }
})

test('what would be no segment, or another one, is never written', () => {
  for (const value of ['', '.', '..', '\ud800', 'a\udc00b'])
    assert.throws(() => pathSegment(value), Unsendable, JSON.stringify(value))
})
