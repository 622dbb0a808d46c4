import assert from 'node:assert/strict'
import { test } from 'node:test'
import { editDistance, nearest } from './nearest.ts'

test('the distance of two words counts letters put in, left out, replaced and swapped', () => {
  for (const [a, b, distance] of [
    ['', '', 0],
    ['verify', 'verify', 0],
    ['verfy', 'verify', 1],
    ['verrify', 'verify', 1],
    ['verifi', 'verify', 1],
    ['evrify', 'verify', 1],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
  ] as const) {
    assert.equal(editDistance(a, b), distance, `${a} ${b}`)
    assert.equal(editDistance(b, a), distance, `${b} ${a}`)
  }
})

test('what was probably meant is found by its letters, whatever stands between them', () => {
  const names = ['account_number', 'account_postal_code', 'nickname', 'as', 'page', 'page_size']
  assert.deepEqual(nearest('accountNumber', names), ['account_number'])
  assert.deepEqual(nearest('Account-Nubmer', names), ['account_number'])
  assert.deepEqual(nearest('pagesize', names), ['page_size'])
  assert.deepEqual(nearest('AS', names), ['as'])
})

test('nothing is meant by what is like nothing, by nothing, or by a text of any length', () => {
  for (const written of ['is', 'hunter2', '', '_', 'x'.repeat(100_000)])
    assert.deepEqual(nearest(written, ['as', 'state', 'account_number']), [], written.slice(0, 9))
})
