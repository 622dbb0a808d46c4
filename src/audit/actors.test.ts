import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeApiKey } from '../tenants/keys/api-key-format.ts'
import { keyIdOf, others, parseActor } from './actors.ts'

test('an actor is known in every form that the log gives him, and a key by its bare id too', () => {
  for (const name of Object.keys(others)) {
    assert.equal(parseActor(name), name)
    assert.equal(keyIdOf(name), undefined)
  }
  const { keyId } = makeApiKey('sandbox')
  assert.equal(parseActor(keyId), `key:${keyId}`)
  assert.equal(parseActor(`key:${keyId}`), `key:${keyId}`)
  assert.equal(keyIdOf(`key:${keyId}`), keyId)
})

test('a text of no known form names nobody', () => {
  const { keyId } = makeApiKey('sandbox')
  for (const text of [
    ...[
      '',
      'key:',
      'CLI',
      'system ',
      'user:1',
      'constructor',
      '__proto__',
      `key:${keyId}x`,
      `key:key:${keyId}`,
    ],
    ...[keyId.slice(1), ` ${keyId}`, `${keyId}\n`, `KEY:${keyId}`],
  ])
    assert.equal(parseActor(text), undefined, JSON.stringify(text))
})
