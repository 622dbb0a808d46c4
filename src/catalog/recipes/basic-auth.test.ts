import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Unsendable } from '../sendable.ts'
import { basicAuth } from './basic-auth.ts'

const decoded = (header: string) => Buffer.from(header.replace('Basic ', ''), 'base64').toString('utf8')

test('a user and a password are sent as they are', () => {
  assert.equal(decoded(basicAuth('user', 'pass:wörd')), 'user:pass:wörd')
  assert.equal(decoded(basicAuth(1, undefined)), '1:undefined')
})

test('a user with a colon would be another user, and is never sent', () => {
  for (const user of ['user:', ':user', 'us:er']) assert.throws(() => basicAuth(user, 'p'), Unsendable)
})
