import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Fields } from '../define.ts'
import { count, flag, group, identifier, nickname, optional, secret, terms, text } from '../fields.ts'
import { validate, type Form } from './validate.ts'

type Body = Record<string, unknown>
const VALUE = 'Tr0ub4dor&3-Kq9'

/** Lists the problems of a body, each as kind and field. */
function problems(form: Form, body: Body): string[] {
  const result = validate(form, body)
  assert.ok(Array.isArray(result), `${JSON.stringify(body)} was accepted`)
  for (const { field, message } of result) {
    assert.match(message, /^\S.*\.$/)
    assert.ok(field === undefined || message.startsWith(field), message)
    assert.ok(!message.includes(VALUE.slice(0, 6)) && !(field ?? '').includes(VALUE), 'a value was repeated')
  }
  return result.map(({ kind, field }) => `${kind} ${field ?? '-'}`)
}

function accepted(form: Form, body: Body) {
  const result = validate(form, body)
  assert.ok(!Array.isArray(result), JSON.stringify(result))
  return result
}

const fields: Fields = {
  nickname: nickname(),
  username: identifier('User'),
  password: secret('Password', { minLength: 3, maxLength: 5 }),
  note: optional(text('Note')),
  token: optional(secret('Token')),
  email: optional(text('E-mail', { format: 'email' })),
  at: optional(text('At', { format: 'date-time' })),
  day: optional(text('Day', { format: 'day-or-time' })),
  size: optional(text('Size', { enum: ['small', 'large'] })),
  slot: text('Slot', { enum: ['am', 'pm'] }),
  active: flag('Active'),
  plain: { type: 'boolean', label: 'Plain', secret: false },
  whole: count('Whole'),
  amount: { type: 'number', label: 'Amount', secret: false, minimum: 0 },
  form: optional(text('Form', { pattern: '^[A-Z]{2}$' })),
  address: group('Address', { city: text('City', { maxLength: 3 }), country: optional(text('Country')) }),
  agree: terms('Terms'),
}
const form: Form = { fields }
const good = { nickname: 'n', username: 'u', password: 'pass', slot: 'am', agree: true }
const wrong = (name: string, value: unknown) => problems(form, { ...good, [name]: value })

test('every problem is told at once, one for each field, in the order of the form', () => {
  const bad = { agree: 1, address: { city: 'long' }, whole: -1, active: 'yes', email: VALUE, password: VALUE }
  assert.deepEqual(problems(form, { ...bad, username: '\ud800', unknown: 1, slot: VALUE }), [
    'required nickname',
    'invalid username',
    'length password',
    'invalid email',
    'invalid slot',
    'invalid active',
    'invalid whole',
    'length address.city',
    'invalid agree',
    'invalid -',
  ])
  assert.deepEqual(wrong('password', '\0'.repeat(9)), ['invalid password'], 'the gravest of two problems')
  const required = Object.entries(fields).filter(([, { required }]) => required)
  assert.deepEqual(
    problems(form, {}),
    required.map(([name]) => `required ${name}`),
  )
})

test('a required field that is missing, null or empty is required, of whatever kind it is', () => {
  for (const name of ['nickname', 'username', 'password', 'agree', 'slot']) {
    const { [name]: _, ...without } = good as Body
    assert.deepEqual(problems(form, without), [`required ${name}`])
    assert.deepEqual(wrong(name, null), [`required ${name}`])
    if (fields[name]?.type === 'string' && name !== 'slot')
      assert.deepEqual(wrong(name, ''), [`required ${name}`])
  }
  assert.deepEqual(wrong('address', {}), ['required address.city'])
  assert.deepEqual(wrong('address', { city: null }), ['required address.city'])
  assert.deepEqual(wrong('address', { city: '' }), ['required address.city'])
  const some: Form = {
    fields: { address: group('Address', { city: optional(text('City')) }, { atLeast: 1 }) },
  }
  for (const address of [{}, { city: null }])
    assert.deepEqual(problems(some, { address }), ['required address'])
})

test('a required choice that is empty is required, like any other field', () => {
  assert.deepEqual(wrong('slot', ''), ['required slot'])
})

test('an optional field that is null or empty is cleared, of whatever kind it is', () => {
  const free = Object.keys(fields).filter((name) => !fields[name]?.required)
  for (const empty of [null, '']) {
    const result = accepted(form, { ...good, ...Object.fromEntries(free.map((name) => [name, empty])) })
    assert.deepEqual(result.cleared, free)
    assert.deepEqual(result.values, good)
    const inner = accepted(form, { ...good, address: { city: 'x', country: empty } })
    assert.deepEqual([inner.values.address, inner.cleared], [{ city: 'x' }, []])
  }
  assert.equal(accepted(form, { ...good, note: '  ' }).values.note, '  ', 'white space is what somebody sent')
})

test('an object of nothing but empty members is empty itself, where it may be', () => {
  const members = { city: optional(text('City')), size: optional(text('Size', { enum: ['small'] })) }
  const loose: Form = { fields: { address: group('Address', members) } }
  const cleared = { values: {}, cleared: ['address'] }
  for (const address of [{}, { city: '', size: null }])
    assert.deepEqual(accepted(loose, { address }), cleared)
  const nested: Form = { fields: { address: group('Address', { place: group('Place', members) }) } }
  for (const place of [{}, null, '', { city: '' }, { city: null, size: '' }])
    assert.deepEqual(accepted(nested, { address: { place } }), cleared)
  const some: Form = { fields: { address: group('Address', members, { atLeast: 1 }) } }
  for (const address of [{}, { city: '' }, { city: ' ', size: null }])
    assert.deepEqual(problems(some, { address }), ['required address'])
})

test('a required text of nothing that can be seen is required', () => {
  const blanks = [
    ' ',
    '   ',
    '\t',
    '\r\n',
    '\u00a0',
    '\u2003\u3000',
    '\u200b',
    '\u200d\u2060',
    '\ufeff',
    '\u00ad',
    '\u3164',
    '\u2800',
  ]
  for (const blank of blanks) {
    for (const name of ['nickname', 'username', 'password', 'slot'])
      assert.deepEqual(wrong(name, blank), [`required ${name}`], JSON.stringify(blank))
    assert.deepEqual(wrong('address', { city: blank }), ['required address.city'])
  }
  for (const seen of [' a', 'a\u200b', '\u00a0.', '0'])
    assert.equal(accepted(form, { ...good, nickname: seen }).values.nickname, seen)
})

test('a value of another type is invalid, for every type', () => {
  const others: Body = {
    text: 'text',
    number: 1,
    fraction: 0.5,
    flag: true,
    list: [],
    filled: ['a'],
    object: { a: 1 },
  }
  const takes: Record<string, string[]> = {
    ...Object.fromEntries(
      ['username', 'password', 'note', 'email', 'at', 'day', 'size', 'form'].map((name) => [name, ['text']]),
    ),
    ...{
      active: ['flag'],
      plain: ['flag'],
      whole: ['number'],
      amount: ['number', 'fraction'],
      address: ['object'],
    },
  }
  for (const [name, fitting] of Object.entries(takes))
    for (const [type, value] of Object.entries(others))
      if (!fitting.includes(type))
        assert.deepEqual(wrong(name, value), [`invalid ${name}`], `${name} as ${type}`)
  for (const value of [Infinity, NaN, -1, -0.1]) assert.deepEqual(wrong('amount', value), ['invalid amount'])
  for (const value of [1.5, 2 ** 31, -1, Infinity]) assert.deepEqual(wrong('whole', value), ['invalid whole'])
  for (const whole of [0, 1, 2 ** 31 - 1])
    assert.equal(accepted(form, { ...good, whole }).values.whole, whole)
})

test('a truth value of a carrier may come as one of two texts, and is a truth value from then on', () => {
  for (const value of [true, false]) {
    assert.equal(accepted(form, { ...good, active: value }).values.active, value)
    assert.equal(accepted(form, { ...good, active: `${value}` }).values.active, value)
  }
  for (const value of ['True', 'FALSE', ' true', 'true ', 'yes', '1', '0', 'on', 1, 0, ['true']])
    assert.deepEqual(wrong('active', value), ['invalid active'])
  for (const value of ['true', 'false']) assert.deepEqual(wrong('plain', value), ['invalid plain'])
})

test('terms that are refused are told as such, and only then', () => {
  for (const value of [false, 'false']) assert.deepEqual(wrong('agree', value), ['terms agree'])
  assert.equal(accepted(form, { ...good, agree: 'true' }).values.agree, true)
  for (const value of ['True', 1, 0, 'no', {}]) assert.deepEqual(wrong('agree', value), ['invalid agree'])
})

test('a length is counted in characters, not in bytes or halves of them', () => {
  for (const password of ['😀😀😀', '😀😀😀😀😀', 'éé\u0301é', '日本語日本'])
    assert.equal(accepted(form, { ...good, password }).values.password, password)
  for (const password of ['😀', '😀😀', '😀'.repeat(6), 'ab', 'abcdef'])
    assert.deepEqual(wrong('password', password), ['length password'])
  const [problem] = validate(form, { ...good, password: 'ab' }) as { message: string }[]
  assert.match(problem?.message ?? '', /at least 3 characters/)
})

test('a text without a limit of its own takes 2,000 characters, and a nickname 100', () => {
  for (const [name, most] of [
    ['note', 2_000],
    ['token', 2_000],
    ['username', 2_000],
    ['nickname', 100],
  ] as const)
    for (const unit of ['x', '😀']) {
      accepted(form, { ...good, [name]: unit.repeat(most) })
      assert.deepEqual(wrong(name, unit.repeat(most + 1)), [`length ${name}`])
    }
})

test('a text with a control character or half a surrogate pair is invalid; any other text is taken as it is', () => {
  const c0 = Array.from({ length: 32 }, (_, code) => code)
  const c1 = Array.from({ length: 33 }, (_, code) => 0x7f + code)
  const codes = [...c0, ...c1, 0xd800, 0xdbff, 0xdc00, 0xdfff]
  for (const code of codes)
    for (const note of [`${String.fromCharCode(code)}`, `a${String.fromCharCode(code)}b`])
      assert.deepEqual(wrong('note', note), ['invalid note'], code.toString(16))
  assert.deepEqual(wrong('note', '\udc00\ud800'), ['invalid note'], 'two halves in the wrong order')
  const plain = fc.string({ unit: 'binary', minLength: 1, maxLength: 50 }).filter((note) => {
    return !/\p{Cc}/u.test(note)
  })
  fc.assert(
    fc.property(plain, (note) => void assert.equal(accepted(form, { ...good, note }).values.note, note)),
    { numRuns: 2_000 },
  )
})

test('formats and patterns are held', () => {
  for (const value of ['a', 'a@', '@b.c', 'a b@c.d', 'a@b@c.d', 'a@b.c ', 'a@-b.c'])
    assert.deepEqual(wrong('email', value), ['invalid email'], value)
  for (const value of [
    '2026-01-31',
    '2026-13-01T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-01-01T25:00:00Z',
    '1',
  ])
    assert.deepEqual(wrong('at', value), ['invalid at'], value)
  for (const value of ['A', 'ABC', 'ab', 'AB\n']) assert.deepEqual(wrong('form', value), ['invalid form'])
  for (const value of ['SMALL', 'small ', VALUE]) assert.deepEqual(wrong('size', value), ['invalid size'])
  for (const value of ['2026-02-30', '2026-1-1', 'today', '2026-01-31T'])
    assert.deepEqual(wrong('day', value), ['invalid day'], value)
  for (const day of ['2026-01-31', '2026-01-31T23:59:59Z'])
    assert.equal(accepted(form, { ...good, day }).values.day, day)
  const fine = { email: 'a.b+c@d-e.example', at: '2026-01-31T23:59:59.5+02:00', form: 'AB', size: 'large' }
  assert.deepEqual(accepted(form, { ...good, ...fine }).values, { ...good, ...fine })
})
