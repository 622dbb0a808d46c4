import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import type { Material, MintedToken } from '../verification.ts'
import { tokenMint, tokenStep } from './token.ts'

const material: Material = {
  values: { id: 'a&b=c', secret: '"\\' },
  operator: {},
  at: new Date(0),
  requestId: 'r',
}
const mint = {
  url: 'https://carrier.example/token',
  token: ['access_token'],
  lifetime: 'expires_in',
  rules: [],
}
const read = (body: unknown, status = 200, part: Partial<Parameters<typeof tokenStep>[0]> = {}) =>
  tokenStep({ ...mint, ...part }).read({ status, headers: {}, body: JSON.stringify(body) })?.minted

const opened = (minted: MintedToken | undefined) => minted && [minted.token.reveal(), minted.seconds]

test('a value cannot leave its place in a form or in JSON', () => {
  const form = tokenStep({ ...mint, form: ({ values }) => ({ id: String(values.id) }) }).call(material)
  assert.equal(form.body, 'id=a%26b%3Dc')
  assert.equal(form.headers['content-type'], 'application/x-www-form-urlencoded')
  const json = tokenStep({ ...mint, json: ({ values }) => ({ secret: values.secret }) }).call(material)
  assert.deepEqual(JSON.parse(json.body ?? ''), { secret: '"\\' })
  assert.equal(json.headers['content-type'], 'application/json')
})

test('a request without a body has none and no type of one', () => {
  const call = tokenStep({ ...mint, method: 'GET' }).call(material)
  assert.equal(call.method, 'GET')
  assert.deepEqual(Object.keys(call.headers), ['accept'])
  assert.ok(!('body' in call))
})

test('a token lasts what the carrier says, at most a day, and no time where it says nothing', () => {
  for (const [says, seconds] of [
    [3599, 3599],
    ['14399', 14_399],
    [86_401, 86_400],
    [-1, 0],
    ['soon', 0],
    [undefined, 0],
  ] as const)
    assert.deepEqual(opened(read({ access_token: 'T', expires_in: says })), ['T', seconds], String(says))
  assert.deepEqual(opened(read({ access_token: 'T' }, 200, { lifetime: 60 })), ['T', 60])
})

test('the first token that is set counts; an empty one, an object or a refusal is none', () => {
  const token = ['a', 'b.c']
  assert.equal(read({ a: '', b: { c: 'T' } }, 200, { token })?.token.reveal(), 'T')
  for (const body of [{}, { access_token: '' }, { access_token: null }, { access_token: {} }])
    assert.equal(read(body), undefined)
  for (const status of [302, 400, 401, 500]) assert.equal(read({ access_token: 'T' }, status), undefined)
})

test('a grant shows neither of its tokens, and a refusal still has its words', () => {
  const both = { access_token: 'Access-7', expires_in: 60, refresh_token: 'refresh-7' }
  const step = tokenStep({ ...mint, refreshToken: 'refresh_token' })
  const granted = step.read({ status: 200, headers: {}, body: JSON.stringify(both) })
  assert.equal(granted?.minted?.token.reveal(), 'Access-7')
  assert.equal(granted?.refreshToken?.reveal(), 'refresh-7')
  for (const shown of [inspect(granted, { depth: 9, showHidden: true }), JSON.stringify(granted)])
    assert.doesNotMatch(shown, /(access|refresh)-7/i)
  const refused = step.read({ status: 400, headers: {}, body: '{"error":"Invalid Refresh Token"}' })
  assert.equal(refused?.text, '{"error":"invalid refresh token"}')
})

test('what is no JSON object is not read', () => {
  for (const body of ['', 'null', '"T"', '5', '<a/>', '{'])
    assert.equal(tokenStep(mint).read({ status: 200, headers: {}, body }), undefined, body)
})

test('the host of the address is the only one', () => {
  const { hosts, operator } = tokenMint({
    ...mint,
    source: 'https://carrier.example/',
    needs: ['id'],
    login: 'id',
  })
  assert.deepEqual([hosts, operator], [['carrier.example'], []])
})
