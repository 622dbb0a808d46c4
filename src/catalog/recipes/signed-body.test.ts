import assert from 'node:assert/strict'
import { test } from 'node:test'
import { md5Signature } from './signed-body.ts'

test('the digest of plain parameters is the one computed elsewhere, and an empty parameter adds nothing', () => {
  const expected = 'E17CD70F3D78D3BE1A063A93DB3C6CA3'
  assert.equal(md5Signature(['ZZTEST01', 'FR', 'Paris', '', '1'], 'notArealKey1'), expected)
  assert.equal(md5Signature(['ZZTEST01', 'FR', 'Paris', '1'], 'notArealKey1'), expected)
})

test('letters beyond ASCII are signed in windows-1252, not in UTF-8', () => {
  assert.equal(
    md5Signature(['ZZTEST01', 'FR', 'Orléans', '45000', '5'], 'notArealKey1'),
    '4C252A363C02374206323F71B48881F8',
  )
})

test('windows-1252 is not Latin-1, and what it lacks is signed as a question mark', () => {
  assert.notEqual(md5Signature(['€'], ''), md5Signature(['\u0080'], ''))
  assert.equal(md5Signature(['日'], 'k'), md5Signature(['?'], 'k'))
  assert.equal(md5Signature(['😀'], 'k'), md5Signature(['?'], 'k'))
})
