import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCarrier } from '../find-carrier.ts'
import { validate } from './validate.ts'

type Body = Record<string, unknown>
const VALUE = 'Tr0ub4dor&3-Kq9'

const form = (name: string) => {
  const { connect, spellings, together } = findCarrier(name) ?? assert.fail(name)
  return { fields: connect, spellings, together }
}

/** Lists the problems of a body that connects a carrier, each as kind and field. */
function problems(name: string, body: Body): string[] {
  const result = validate(form(name), body)
  assert.ok(Array.isArray(result), `${JSON.stringify(body)} was accepted`)
  assert.ok(!JSON.stringify(result).includes(VALUE.slice(0, 6)), 'a value was repeated')
  return result.map(({ kind, field }) => `${kind} ${field ?? '-'}`)
}

function accepted(name: string, body: Body) {
  const result = validate(form(name), body)
  assert.ok(!Array.isArray(result), JSON.stringify(result))
  return result
}

const body = { nickname: 'n', account_number: 'a', password: 'p' }

test('an unknown field is named only if some carrier has a field of that name', () => {
  assert.deepEqual(problems('chronopost', { ...body, enseigne: 1 }), ['invalid enseigne'])
  assert.deepEqual(
    problems('chronopost', { ...body, clientid: 1 }),
    ['invalid clientid'],
    'another spelling of a field',
  )
  const inside = { ...body, injection_address_heading: { enseigne: 1 } }
  assert.deepEqual(problems('chronopost', inside), ['invalid injection_address_heading.enseigne'])
  for (const name of [
    VALUE,
    'toString',
    'constructor',
    'hasOwnProperty',
    '',
    'Username',
    'title ',
    'a/b',
    '~1',
  ])
    assert.deepEqual(problems('chronopost', { ...body, [name]: VALUE }), ['invalid -'], name)
  assert.deepEqual(problems('chronopost', { ...body, injection_address_heading: { [VALUE]: VALUE } }), [
    'invalid -',
  ])
  assert.deepEqual(
    problems('chronopost', { ...body, [VALUE]: 1, [`${VALUE}2`]: 2, zip: 3 }),
    ['invalid -'],
    'told once',
  )
})

test('a member of the name __proto__ is an unknown field like any other', () => {
  const hidden = JSON.parse(`{"__proto__":{"note":"${VALUE}"}}`) as Body
  assert.deepEqual(problems('chronopost', { ...body, ...hidden }), ['invalid -'])
})

test('fields that go together are required together, also where one is null', () => {
  const dhl = { nickname: 'n', account_number: 'a' }
  assert.deepEqual(problems('dhl_express', { ...dhl, site_id: 's' }), ['required password'])
  assert.deepEqual(problems('dhl_express', { ...dhl, password: 'p' }), ['required site_id'])
  assert.deepEqual(problems('dhl_express', { ...dhl, site_id: 's', password: null }), ['required password'])
  accepted('dhl_express', dhl)
  accepted('dhl_express', { ...dhl, site_id: 's', password: 'p' })
})

test('another spelling stands for its field, and both at once are a conflict', () => {
  const dhl = { nickname: 'n', account_number: 'a' }
  assert.equal(accepted('dhl_express', { ...dhl, regCountry: 'US' }).values.country_code, 'US')
  assert.deepEqual(problems('dhl_express', { ...dhl, regCountry: 'USA' }), ['length country_code'])
  const both = { ...dhl, regCountry: 'US', country_code: 'US' }
  assert.deepEqual(problems('dhl_express', both), ['conflict regCountry'])
  const inpost = { nickname: 'n', clientid: 'c', tokenlabelless: 't' }
  assert.deepEqual(accepted('inpost', inpost).values, {
    nickname: 'n',
    client_id: 'c',
    token_labelless: 't',
  })
  assert.deepEqual(problems('inpost', { ...inpost, client_id: null }), ['conflict clientid'])
})

test('members of the Chronopost heading may stand at the top, but not both there and in it', () => {
  const heading = { title: 'T', city: 'C', email: 'no address' }
  const inside = accepted('chronopost', { ...body, injection_address_heading: heading })
  assert.deepEqual(accepted('chronopost', { ...body, ...heading }), inside)
  assert.deepEqual(problems('chronopost', { ...body, title: 'x'.repeat(14), country: 'FRA' }), [
    'length injection_address_heading.title',
    'length injection_address_heading.country',
  ])
  for (const whole of [{}, { city: 'C' }, null])
    assert.deepEqual(
      problems('chronopost', { ...body, injection_address_heading: whole, title: 'T', phone: '1' }),
      ['conflict title', 'conflict phone'],
    )
})

test('checking leaves the body as it was', () => {
  const given = { ...body, title: 'T', phone: null }
  const before = structuredClone(given)
  validate(form('chronopost'), given)
  assert.deepEqual(given, before)
})
