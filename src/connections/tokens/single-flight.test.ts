import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Context } from '../../context.ts'
import { join, joinNext } from './single-flight.ts'

const newContext = () => ({}) as Context

/** Returns work that ends when `end` is called; `begun` counts its runs, and each run resolves to its number. */
function work() {
  const open: (() => void)[] = []
  const state = {
    begun: 0,
    end: () => open.shift()?.(),
    run: () => {
      const run = (state.begun += 1)
      return new Promise<number>((resolve) => open.push(() => resolve(run)))
    },
  }
  return state
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

test('who joins gets what is under way, and the next who comes afterwards a run of its own', async () => {
  const ctx = newContext()
  const at = work()
  const both = [join(ctx, 'a', at.run), join(ctx, 'a', at.run)]
  const other = join(ctx, 'b', () => Promise.resolve('b'))
  at.end()
  assert.deepEqual(await Promise.all(both), [1, 1])
  assert.equal(await other, 'b')
  const later = join(ctx, 'a', at.run)
  at.end()
  assert.equal(await later, 2)
})

test('a failure reaches all who joined, and no one after them', async () => {
  const ctx = newContext()
  const failing = () => Promise.reject(new Error('no'))
  for (const asked of [join(ctx, 'a', failing), join(ctx, 'a', failing)]) await assert.rejects(asked, /no/)
  assert.equal(await joinNext(ctx, 'a', async () => 1), 1)
})

test('who joins the next run never gets one that began before', async () => {
  const ctx = newContext()
  const at = work()
  const first = joinNext(ctx, 'a', at.run)
  const seconds = [joinNext(ctx, 'a', at.run), joinNext(ctx, 'a', at.run)]
  assert.equal(at.begun, 1)
  at.end()
  assert.equal(await first, 1)
  await settle()
  assert.equal(at.begun, 2)
  const third = joinNext(ctx, 'a', at.run)
  at.end()
  assert.deepEqual(await Promise.all(seconds), [2, 2])
  await settle()
  at.end()
  assert.equal(await third, 3)
})

test('the next run takes place though the one before failed', async () => {
  const ctx = newContext()
  const first = joinNext(ctx, 'a', () => Promise.reject(new Error('no')))
  const next = joinNext(ctx, 'a', async () => 2)
  await assert.rejects(first, /no/)
  assert.equal(await next, 2)
})
