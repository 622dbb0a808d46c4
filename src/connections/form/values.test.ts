import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCarrier } from '../../catalog/find-carrier.ts'
import type { Values } from '../../catalog/forms/validate.ts'
import { isSameCredentials } from '../change/replace-credentials.ts'
import { withoutCleared, type Changes } from './values.ts'

const NOTHING: Changes[] = [
  { heading: null },
  { heading: '' },
  { heading: {} },
  { heading: { title: '' } },
  { heading: { title: {} } },
  { heading: { title: { line: '' }, city: {} } },
]

test('what says nothing goes, at any depth, and what is false, zero or white space stays', () => {
  for (const nothing of NOTHING)
    assert.deepEqual(withoutCleared({ ...nothing, password: 'p' }), { password: 'p' })
  const told = { flag: false, count: 0, text: ' ', heading: { title: 'T' } }
  assert.deepEqual(withoutCleared(told), told)
  assert.deepEqual(withoutCleared({ heading: { title: 'T', city: '', place: {} } }), {
    heading: { title: 'T' },
  })
})

test('credentials that differ by what says nothing are the same', () => {
  const carrier = findCarrier('chronopost') ?? assert.fail()
  const contents = (more: Changes) => ({ credentials: { password: 'p', ...more } as Values, settings: {} })
  for (const nothing of NOTHING) {
    assert.ok(isSameCredentials(carrier, contents({}), contents(nothing)))
    assert.ok(isSameCredentials(carrier, contents(nothing), contents({})))
  }
  assert.ok(!isSameCredentials(carrier, contents({}), contents({ heading: { title: 'T' } })))
})
