import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Secret } from '../secret.ts'
import { all, either, minted, rule, status } from './recipes/rules.ts'
import {
  canVerify,
  applyRules,
  verify,
  type Ask,
  type Material,
  type ReplyWords,
  type Reply,
  type Rule,
  type Step,
  type Verification,
} from './verification.ts'

const material: Material = {
  values: { name: 'n' },
  operator: {},
  at: new Date('2026-06-01T10:00:00Z'),
  requestId: 'r',
}
const reply = (code: number, headers: Record<string, string> = {}, body = ''): Reply => ({
  status: code,
  headers,
  body,
})
const stepOf = (
  rules: readonly Rule[],
  { reading, more = {} }: { reading?: ReplyWords | undefined; more?: Partial<Step> } = {},
): Step => ({
  call: ({ token }) => ({
    method: 'GET',
    url: 'https://carrier.example/',
    headers: { token: token?.reveal() ?? 'none' },
  }),
  read: () => reading,
  rules,
  ...more,
})
const recipeOf = (first: Step, ...steps: Step[]): Verification => ({
  hosts: ['carrier.example'],
  needs: ['name'],
  login: 'name',
  operator: [],
  steps: [first, ...steps],
  source: 'https://carrier.example/',
})
const something: ReplyWords = { codes: [], text: '{}' }
const always: Rule['when'] = () => true
const outcomeOf = (
  answer: Reply,
  {
    reading,
    rules = [],
    more = {},
  }: { reading?: ReplyWords | undefined; rules?: readonly Rule[]; more?: Partial<Step> } = {},
) => applyRules(stepOf(rules, { reading, more }), answer, reading, material).outcome

describe('applyRules: the rules that hold everywhere', () => {
  for (const [code, outcome] of [
    [429, 'rate_limited'],
    [408, 'unavailable'],
    [500, 'unavailable'],
    [599, 'unavailable'],
    [301, 'inconclusive'],
    [399, 'inconclusive'],
    [401, 'invalid_credentials'],
    [403, 'not_entitled'],
    [400, 'inconclusive'],
    [404, 'inconclusive'],
    [200, 'inconclusive'],
  ] as const)
    test(`${code} is ${outcome}`, () => assert.equal(outcomeOf(reply(code), { reading: something }), outcome))

  test('what cannot be read is an outage where it pretends success, and never verifies anything', () => {
    for (const code of [200, 201, 204, 299]) {
      assert.equal(outcomeOf(reply(code)), 'unavailable')
      assert.equal(outcomeOf(reply(code), { rules: [rule(always, 'verified', 'Yes.')] }), 'unavailable')
      assert.equal(outcomeOf(reply(code), { rules: [rule(always, 'continue', 'Go on.')] }), 'unavailable')
    }
    assert.equal(
      outcomeOf(reply(200), { reading: something, rules: [rule(always, 'verified', 'Yes.')] }),
      'verified',
    )
  })

  test('what cannot be read may refuse', () => {
    assert.equal(outcomeOf(reply(401)), 'invalid_credentials')
    const refuses = rule(status(400), 'invalid_credentials', 'No.')
    assert.equal(outcomeOf(reply(400), { rules: [refuses] }), 'invalid_credentials')
  })

  test('a page for people is an outage, whatever its status says', () => {
    for (const code of [200, 400, 401, 403, 404]) {
      assert.equal(outcomeOf(reply(code, { 'content-type': 'Text/HTML; charset=utf-8' }, 'x')), 'unavailable')
      assert.equal(outcomeOf(reply(code, {}, ' \n<!DOCTYPE html><html></html>')), 'unavailable')
    }
  })

  test('the carrier’s own rules come first, top to bottom', () => {
    const rules = [
      rule(status(500), 'invalid_credentials', 'First.'),
      rule(either(status(500), status(429)), 'inconclusive', 'Second.'),
    ]
    assert.equal(applyRules(stepOf(rules), reply(500), something, material).because, 'First.')
    assert.equal(applyRules(stepOf(rules), reply(429), something, material).because, 'Second.')
    assert.equal(applyRules(stepOf(rules), reply(500), something, material).rule, rules[0])
    assert.equal(applyRules(stepOf(rules), reply(503), something, material).rule, undefined)
  })

  test('a plain refusal of a call in the operator’s name speaks of the operator', () => {
    for (const code of [401, 403])
      for (const reading of [something, undefined])
        assert.equal(
          outcomeOf(reply(code), { reading, more: { asOperator: true } }),
          'platform_misconfigured',
          `${code}`,
        )
    const named = rule(status(403), 'not_entitled', 'The account is closed.')
    assert.equal(
      outcomeOf(reply(403), { reading: something, rules: [named], more: { asOperator: true } }),
      'not_entitled',
    )
    assert.equal(outcomeOf(reply(503), { reading: something, more: { asOperator: true } }), 'unavailable')
  })
})

describe('applyRules: how long to wait', () => {
  const waitOf = (value: string, code = 429) =>
    applyRules(stepOf([]), reply(code, { 'retry-after': value }), something, material).retryAfter

  test('whole seconds are taken, at most a day', () => {
    assert.equal(waitOf('1'), 1)
    assert.equal(waitOf('86400'), 86_400)
    assert.equal(waitOf('86401'), 86_400)
    assert.equal(waitOf('99999999999999'), 86_400)
  })

  test('anything else is no advice', () => {
    for (const value of ['', '0', '-5', '1.5', 'soon', 'NaN', 'Infinity', 'Wed, 21 Oct 2026 07:28:00 GMT'])
      assert.equal(waitOf(value), undefined, value)
    assert.equal('retryAfter' in applyRules(stepOf([]), reply(429), something, material), false)
  })

  test('only who is asked to wait is told how long', () => assert.equal(waitOf('60', 503), undefined))

  test('a rule of the carrier that asks to wait says how long, too', () => {
    const waits = rule(status(400), 'rate_limited', 'Wait.')
    const found = applyRules(stepOf([waits]), reply(400, { 'retry-after': '7' }), something, material)
    assert.deepEqual([found.outcome, found.retryAfter], ['rate_limited', 7])
  })
})

describe('verify', () => {
  const calls: string[] = []
  const ask: Ask = async (call) => {
    calls.push(call.headers.token ?? '')
    return reply(200)
  }
  const token: ReplyWords = { ...something, minted: { token: new Secret('T1'), seconds: 60 } }
  const goesOn = rule(all(status(200), minted), 'continue', 'The token is minted.')
  const verifies = rule(status(200), 'verified', 'Yes.')

  test('a carrier that cannot be reached is an outage, at any step', async () => {
    const unreachable: Ask = () => Promise.reject(new Error('ECONNREFUSED'))
    const answer = await verify(recipeOf(stepOf([verifies], { reading: something })), material, unreachable)
    assert.deepEqual(answer, { outcome: 'unavailable', because: 'The carrier could not be reached.' })
    let asked = 0
    const breaks: Ask = () => (asked++ === 0 ? Promise.resolve(reply(200)) : Promise.reject(new Error()))
    const later = await verify(
      recipeOf(stepOf([goesOn], { reading: token }), stepOf([verifies], { reading: something })),
      material,
      breaks,
    )
    assert.equal(later.outcome, 'unavailable')
    assert.equal('minted' in later, false)
  })

  test('a call that cannot be built is no rejection', async () => {
    const broken = stepOf([verifies], {
      reading: something,
      more: {
        call: () => {
          throw new Error('no')
        },
      },
    })
    assert.equal((await verify(recipeOf(broken), material, ask)).outcome, 'unavailable')
  })

  test('a refusal ends the verification: the next step is not asked', async () => {
    calls.length = 0
    const refuses = rule(status(200), 'invalid_credentials', 'No.')
    const answer = await verify(
      recipeOf(stepOf([refuses], { reading: token }), stepOf([verifies], { reading: something })),
      material,
      ask,
    )
    assert.deepEqual(answer, { outcome: 'invalid_credentials', because: 'No.' })
    assert.deepEqual(calls, ['none'])
  })

  test('the next step carries the token, and the verification hands it on', async () => {
    calls.length = 0
    const answer = await verify(
      recipeOf(stepOf([goesOn], { reading: token }), stepOf([verifies], { reading: something })),
      material,
      ask,
    )
    assert.deepEqual([answer.outcome, answer.because], ['verified', 'Yes.'])
    assert.equal(answer.minted, token.minted)
    assert.deepEqual(calls, ['none', 'T1'])
  })

  test('a token of the operator is used and not handed on', async () => {
    calls.length = 0
    const first = stepOf([goesOn], { reading: token, more: { asOperator: true } })
    const answer = await verify(recipeOf(first, stepOf([verifies], { reading: something })), material, ask)
    assert.deepEqual(answer, { outcome: 'verified', because: 'Yes.' })
    assert.deepEqual(calls, ['none', 'T1'])
  })

  test('steps that only go on verify nothing', async () => {
    const { outcome } = await verify(recipeOf(stepOf([goesOn], { reading: token })), material, ask)
    assert.equal(outcome, 'inconclusive')
  })
})

test('a carrier can be asked when the recipe has every value that it needs', () => {
  const recipe = { ...recipeOf(stepOf([])), needs: ['a', 'b'], operator: ['o'] }
  const operator = { o: 'x' }
  assert.equal(canVerify(undefined, { a: '1', b: '2' }, operator), false)
  assert.equal(canVerify(recipe, { a: '1' }, operator), false)
  assert.equal(canVerify(recipe, { a: '1', b: '' }, operator), false)
  assert.equal(canVerify(recipe, { a: '1', b: '2' }, {}), false)
  assert.equal(canVerify(recipe, { a: '1', b: '2' }, operator), true)
  assert.equal(canVerify(recipe, { a: '1', b: 0 }, operator), true)
})
