import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseStrictJson } from './json.ts'

const parse = (text: string) => parseStrictJson(Buffer.from(text))
const RESERVED = ['__proto__', 'constructor', 'prototype']

test('a member that is repeated is refused, however it is spelled and wherever it stands', () => {
  for (const text of [
    '{"a":1,"a":1}',
    '{"a":1,"b":2,"a":{"c":1}}',
    '{"a":{"b":1,"c":2},"a":{}}',
    '{"a":{},"a":{"b":1,"c":2}}',
    '{"":1,"":2}',
    '{"a":1,"\\u0061":1}',
    '{"\\u0061":1,"a":1}',
    '{"\\u00E9":1,"é":1}',
    '{"/":1,"\\/":1}',
    '{"😀":1,"\\ud83d\\ude00":1}',
    '{"x":{"y":[{"a":1},{"a":1,"a":2}]}}',
    '[{"a":1},{"a":1,"a":1}]',
    '[[{"1":1,"1":1}]]',
    '{"a:":1,"a:":1}',
  ])
    assert.equal(parse(text), undefined, text)
  assert.ok(parse('{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}],"A":1,"é":1,"e\u0301":1}'), 'the control')
})

test('a reserved name is refused, escaped or not, at any level', () => {
  for (const reserved of RESERVED) {
    const escaped = reserved.replace(/./g, (unit) => `\\u00${unit.charCodeAt(0).toString(16)}`)
    for (const spelling of [reserved, escaped, reserved.replace('o', '\\u006f')])
      for (const around of ['{"@":1}', '{"a":1,"@":{"b":1}}', '{"a":[[{"@":null}]]}', '[{"@":[]}]'])
        assert.equal(parse(around.replace('@', spelling)), undefined, spelling)
    assert.deepEqual(parse(`{"a":"${reserved}","${reserved}_":1}`)?.value, {
      a: reserved,
      [`${reserved}_`]: 1,
    })
  }
})

test('eight levels are taken and nine are not, of objects, arrays and both', () => {
  for (const [before, after] of [
    ['[', ']'],
    ['{"a":', '}'],
    ['[{"a":', '}]'],
  ] as const) {
    const levels = before.length > 5 ? 2 : 1
    const nested = (depth: number) => before.repeat(depth / levels) + '1' + after.repeat(depth / levels)
    assert.ok(parse(nested(8)))
    assert.equal(parse(nested(8 + levels)), undefined)
    assert.equal(parse(`{"b":${nested(8)}}`), undefined)
  }
  assert.ok(parse(`[${'[[]],'.repeat(1_000)}[]]`), 'the control: many beside each other are not deep')
})

test('two hundred members are taken and one more is not, wherever they stand', () => {
  const members = (count: number) => Array.from({ length: count }, (_, index) => `"m${index}":{}`).join()
  for (const wrap of [
    (count: number) => `{${members(count)}}`,
    (count: number) => `[{${members(100)}},{${members(count - 100)}}]`,
    (count: number) => `{"a":{${members(count - 1)}}}`,
  ]) {
    assert.ok(parse(wrap(200)))
    assert.equal(parse(wrap(201)), undefined)
  }
})

test('bytes that are not UTF-8 are refused', () => {
  for (const hex of [
    '80',
    'c3',
    'c328',
    'c080',
    'e28228',
    'eda080',
    'edbfbf',
    'f4908080',
    'f0828282',
    'ff',
    'fe',
    'f8',
  ])
    assert.equal(parseStrictJson(Buffer.from(`7b2261223a22${hex}227d`, 'hex')), undefined, hex)
  assert.deepEqual(parseStrictJson(Buffer.from('7b2261223a22c3a9227d', 'hex')), { value: { a: 'é' } })
  assert.equal(parse('\ufeff{}'), undefined, 'a byte order mark')
  for (const encoding of ['{}', '\ufeff{}', '{"a":1}']) {
    const wide = Buffer.from(encoding, 'utf16le')
    assert.equal(parseStrictJson(wide), undefined)
    assert.equal(parseStrictJson(Buffer.from(wide).swap16()), undefined)
  }
})

test('what is nearly JSON is refused', () => {
  for (const text of [
    ...[
      '',
      ' ',
      '\0',
      '{',
      '}',
      '[',
      '{}{}',
      '{} x',
      '{}\0',
      '{},',
      '[1,]',
      '{"a":1,}',
      '{,}',
      '[1 2]',
      '{"a"}',
    ],
    ...[
      '{"a":}',
      '{a:1}',
      "{'a':1}",
      "'a'",
      '{"a":1//x\n}',
      '{"a":/**/1}',
      'NaN',
      'Infinity',
      '-Infinity',
      '+1',
    ],
    ...[
      '01',
      '1.',
      '.5',
      '-',
      '1e',
      '0x1',
      '1_000',
      'undefined',
      'True',
      '"a',
      '"\\x41"',
      '"\\u12"',
      '"\t"',
      '"\n"',
    ],
    ...['"a\\"', '"\0"', '{"a":"b"c}', '\u00a0{}', '{"a"::1}', '{"a":1:2}', '[:]', ']['],
  ])
    assert.equal(parse(text), undefined, JSON.stringify(text))
})

test('numbers are read as JSON reads them, to the largest and beyond', () => {
  for (const text of [
    '0',
    '-0',
    '1e400',
    '-1e400',
    '1e-400',
    '9007199254740993',
    '1E+2',
    '0.1',
    `1${'0'.repeat(400)}`,
  ])
    assert.deepEqual(parse(`{"a":${text}}`), { value: { a: JSON.parse(text) } })
})

test('an escape of half a character is JSON, and is left to whoever judges the field', () => {
  assert.deepEqual(parse('{"a":"\\ud800","b":"\\udc00x"}'), { value: { a: '\ud800', b: '\udc00x' } })
})

test('only the bytes that it is given are read, not those around them', () => {
  const around = Buffer.from('{"a":1}{"b":2}{"c":3}')
  assert.deepEqual(parseStrictJson(new Uint8Array(around).subarray(7, 14)), { value: { b: 2 } })
})

test('a hundred thousand levels, members or quotes are refused without delay', () => {
  const long = ['[', '{"a":', '"a":', '"', '\\', '":"', '[]', '{', ':', '"a":1,'].map((piece) =>
    piece.repeat(100_000),
  )
  const start = performance.now()
  for (const text of [...long, `{${long[9]}"b":1}`]) assert.equal(parse(text), undefined)
  assert.ok(performance.now() - start < 1_000)
})
