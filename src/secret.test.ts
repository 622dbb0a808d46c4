import assert from 'node:assert/strict'
import { Console } from 'node:console'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { format, inspect } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { Secret } from './secret.ts'

const VALUE = 'Tr0ub4dor&3-Kq9'

function printed(print: (console: Console) => void): string {
  const stream = new PassThrough()
  print(new Console({ stdout: stream, stderr: stream }))
  return String(stream.read())
}

function thrown(act: () => void): string {
  try {
    act()
    return ''
  } catch (error) {
    return inspect(error)
  }
}

/** `ways` has every way in which this test makes a text from a value. */
const ways: Record<string, (value: any) => string> = {
  'String()': (value) => String(value),
  'a template': (value) => `${value}`,
  concatenation: (value) => '' + value,
  'concat()': (value) => ''.concat(value),
  'join()': (value) => [value].join(),
  'toString()': (value) => value.toString(),
  'toLocaleString()': (value) => value.toLocaleString(),
  'valueOf()': (value) => inspect(value.valueOf()),
  'a number': (value) => inspect([+value, Number(value)]) + inspect(value),
  'a property name': (value) => Object.keys({ [value]: 1 }).join(),
  JSON: (value) => JSON.stringify(value),
  'JSON, nested': (value) => JSON.stringify({ a: [{ b: value }] }, null, 2),
  entries: (value) => JSON.stringify([Object.entries(value), Object.values(value)]),
  'own keys': (value) => inspect(Object.getOwnPropertyDescriptors(value), { depth: 9 }),
  'a spread': (value) => inspect({ ...value }, { showHidden: true }),
  'a loop over its properties': (value) => {
    let text = ''
    for (const name in value) text += value[name]
    return text
  },
  inspection: (value) => inspect(value),
  'inspection of everything hidden': (value) =>
    inspect(value, { showHidden: true, depth: Infinity, getters: true, showProxy: true }),
  'inspection without its own way': (value) =>
    inspect(value, { customInspect: false, showHidden: true, getters: true, depth: Infinity }),
  'inspection of collections': (value) =>
    inspect([new Map([[value, value]]), new Set([value]), [value], { value }], {
      showHidden: true,
      depth: 9,
    }),
  'format %s': (value) => format('%s', value),
  'format %o %O %j': (value) => format('%o %O %j', value, value, value),
  'format without a place': (value) => format('text', value),
  'console.log': (value) => printed((console) => console.log(value, { value })),
  'console.dir': (value) => printed((console) => console.dir(value, { showHidden: true })),
  'console.table': (value) => printed((console) => console.table([{ value }])),
  'a failed assertion': (value) => thrown(() => assert.deepEqual({ value }, { value: 1 })),
  'an error and its cause': (value) => inspect(new Error(`${value}`, { cause: value }), { showHidden: true }),
  'a structured clone': (value) => inspect(structuredClone(value), { showHidden: true, depth: 9 }),
  serialization: (value) =>
    serialize(value).toString('latin1') + inspect(deserialize(serialize(value)), { showHidden: true }),
}

for (const [way, text] of Object.entries(ways)) {
  test(`a secret does not show its value by ${way}`, () => {
    for (const secret of [new Secret(VALUE), new Secret({ password: VALUE }), new Secret([VALUE])])
      assert.ok(!text(secret).includes(VALUE.slice(0, 6)))
    const plain = [VALUE, { password: VALUE }, [VALUE]].map((value) => text(value))
    assert.ok(
      plain.some((shown) => shown.includes(VALUE)),
      'the control: a plain value shows',
    )
  })
}

test('a secret has nothing to enumerate and cannot be told open by its prototype', () => {
  const secret = new Secret(VALUE)
  assert.deepEqual(Reflect.ownKeys(secret), [])
  assert.deepEqual(Object.keys(structuredClone(secret)), [])
  assert.throws(() => Secret.prototype.reveal.call(structuredClone(secret)), TypeError)
  assert.throws(() => Secret.prototype.reveal.call(Object.create(secret)), TypeError)
})

test('whatever shows a secret says that it is one', () => {
  const secret = new Secret(VALUE)
  assert.equal(String(secret), '[secret]')
  assert.equal(JSON.stringify({ secret }), '{"secret":"[secret]"}')
  assert.equal(inspect({ secret }), '{ secret: [secret] }')
})

test('a secret hands out what it was given when it is asked to', () => {
  const value = { password: VALUE }
  assert.equal(new Secret(value).reveal(), value)
  for (const falsy of ['', 0, null, undefined, false]) assert.equal(new Secret(falsy).reveal(), falsy)
})
