import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Scope } from '../context.ts'
import { grants, parseScopes, scopeNames } from './scopes.ts'

const granted = (...scopes: Scope[]) => [...grants(scopes)].sort()

test('no scopes grant nothing', () => {
  assert.deepEqual(granted(), [])
})

test('a scope grants what it includes and nothing else; none but partner does what a partner does', () => {
  assert.deepEqual(granted('read'), ['read'])
  assert.deepEqual(granted('write'), ['read', 'write'])
  assert.deepEqual(granted('use'), ['use'])
  assert.deepEqual(granted('admin'), ['admin', 'read', 'use', 'write'])
  assert.deepEqual(granted('partner'), ['partner'])
  assert.deepEqual([...scopeNames].sort(), ['admin', 'partner', 'read', 'use', 'write'])
})

test('several scopes grant what each grants, and no more', () => {
  fc.assert(
    fc.property(fc.subarray(scopeNames), (scopes) => {
      const each = new Set(scopes.flatMap((scope) => [...grants([scope])]))
      assert.deepEqual(granted(...scopes), [...each].sort())
      assert.equal(grants(scopes).has('partner'), scopes.includes('partner'))
    }),
  )
})

test('a list of scopes leaves out what is no scope, in any spelling but the exact one', () => {
  for (const text of [
    '',
    ' ',
    ',',
    'Read',
    'READ',
    'reader',
    'read write',
    'read;write',
    'toString',
    '__proto__',
    '*',
    'all',
  ])
    assert.deepEqual(parseScopes(text), [], text)
  assert.deepEqual(parseScopes('root,read,constructor'), ['read'])
})

test('a list of scopes is read without its white space, once each, and reads back what was stored', () => {
  assert.deepEqual(parseScopes(' write , read,write,,read '), ['read', 'write'])
  fc.assert(
    fc.property(fc.shuffledSubarray(scopeNames), (scopes) => {
      assert.deepEqual(parseScopes(scopes.join(',')).sort(), scopes.toSorted())
      assert.deepEqual(parseScopes(parseScopes(scopes.join()).join()), parseScopes(scopes.join()))
    }),
  )
})
