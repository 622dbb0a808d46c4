import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../../secret.ts'
import type { Material, SeenReply } from '../verification.ts'
import { all, code, codeBegins, codeSays, either, fact, inFormat, minted, says, status } from './rules.ts'

const material: Material = { values: {}, operator: {}, at: new Date(0), requestId: 'r' }
const seen = (part: Partial<SeenReply>): SeenReply => ({ status: 200, codes: [], text: '', ...part })
const holds = (when: (seen: SeenReply, material: Material) => boolean, part: Partial<SeenReply>) =>
  when(seen(part), material)

test('a status is one of those named', () => {
  assert.ok(holds(status(400, 401), { status: 401 }))
  assert.ok(!holds(status(400, 401), { status: 402 }))
})

test('a code is compared whole and in its own letters; its beginning and its words are asked for by name', () => {
  const codes = ['ACCOUNT.NUMBER.MISMATCH', 'Bad API key']
  assert.ok(!holds(code('ACCOUNT.NUMBER.'), { codes }))
  assert.ok(!holds(code('account.number.mismatch'), { codes }))
  assert.ok(holds(code('x', 'ACCOUNT.NUMBER.MISMATCH'), { codes }))
  assert.ok(holds(codeBegins('ACCOUNT.NUMBER.'), { codes }))
  assert.ok(!holds(codeBegins('NUMBER.'), { codes }))
  assert.ok(holds(codeSays(/api key/i), { codes }))
  assert.ok(!holds(codeSays(/api key/i), { codes: [], text: 'api key' }))
})

test('text is searched, and there is none where the reply is not in the format', () => {
  assert.ok(holds(says(/invalid credentials/), { text: 'x invalid credentials' }))
  assert.ok(!holds(says(/invalid/), {}))
  assert.ok(holds(inFormat, { text: '{}' }))
  assert.ok(!holds(inFormat, {}))
})

test('a fact that the reply does not have is asked about as nothing', () => {
  assert.ok(
    holds(
      fact('Status', (value) => value === '0'),
      { facts: { Status: '0' } },
    ),
  )
  assert.ok(
    !holds(
      fact('Status', (value) => value === '0'),
      { facts: {} },
    ),
  )
  assert.ok(
    holds(
      fact('Status', (value) => value === undefined),
      {},
    ),
  )
})

test('conditions are joined', () => {
  const yes = () => true
  const no = () => false
  assert.ok(holds(all(yes, yes), {}))
  assert.ok(!holds(all(yes, no), {}))
  assert.ok(holds(either(no, yes), {}))
  assert.ok(!holds(either(no, no), {}))
  assert.ok(holds(minted, { minted: { token: new Secret('t'), seconds: 1 } }))
  assert.ok(!holds(minted, {}))
})
