import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tally } from './tally.ts'

test('a name is counted within a span that begins with its first count', () => {
  let at = 5
  const tally = new Tally({ spanMs: 100, mostNames: 10, now: () => at })
  assert.deepEqual(tally.add('a'), { count: 1, msLeft: 100 })
  at += 60
  assert.deepEqual(tally.add('a'), { count: 2, msLeft: 40 })
  assert.deepEqual(tally.add('b'), { count: 1, msLeft: 100 })
  at += 40
  assert.deepEqual(tally.add('a'), { count: 1, msLeft: 100 }, 'the span is over and begins anew')
  assert.deepEqual(tally.add('b'), { count: 2, msLeft: 60 })
})

test('of too many names the one that ends first is forgotten, and no more are kept', () => {
  let at = 0
  const tally = new Tally({ spanMs: 1_000, mostNames: 100, now: () => (at += 0.001) })
  for (let name = 0; name < 10_000; name += 1) tally.add(`${name}`)
  assert.equal(tally.size, 100)
  assert.equal(tally.add('9999').count, 2)
  assert.equal(tally.add('9899').count, 1)
  assert.equal(tally.add('9901').count, 2)
  assert.equal(tally.size, 100)
})

test('the clock of the machine, set back, counts for nothing', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2030, 0) })
  const tally = new Tally({ spanMs: 60_000, mostNames: 10 })
  tally.add('a')
  t.mock.timers.setTime(Date.UTC(2020, 0))
  const { count, msLeft } = tally.add('a')
  assert.equal(count, 2)
  assert.ok(msLeft <= 60_000)
})
