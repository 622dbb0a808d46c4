import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseStrictJson } from './strict-json.ts'

/** Returns the result of reading a text, and `undefined` where the text is refused; expects that a refusal says what is wrong. */
function read(bytes: Uint8Array) {
  const result = parseStrictJson(bytes)
  if (!('flaw' in result)) return result
  assert.match(result.flaw, /^(is|has|repeats) [a-zA-Z0-9 -]+( \(line \d+, column \d+\))?$/)
  return undefined
}
const parse = (text: string) => read(Buffer.from(text))
const flaw = (text: string | Buffer) => {
  const result = parseStrictJson(Buffer.from(text))
  return 'flaw' in result ? result.flaw : 'none'
}
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
    assert.equal(read(Buffer.from(`7b2261223a22${hex}227d`, 'hex')), undefined, hex)
  assert.deepEqual(parseStrictJson(Buffer.from('7b2261223a22c3a9227d', 'hex')), { value: { a: 'é' } })
  for (const encoding of ['{}', '\ufeff{}', '{"a":1}']) {
    const wide = Buffer.from(encoding, 'utf16le')
    assert.equal(read(wide), undefined)
    assert.equal(read(Buffer.from(wide).swap16()), undefined)
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
  assert.ok(performance.now() - start < 2_000)
})

test('one byte order mark in front is skipped, and no other', () => {
  assert.deepEqual(parse('\ufeff{"a":1}'), { value: { a: 1 } })
  assert.deepEqual(parse('\ufeff\r\n{"a":"\ufeff"}'), { value: { a: '\ufeff' } })
  for (const text of ['\ufeff\ufeff{}', '{\ufeff}', '{}\ufeff', '\ufeff'])
    assert.equal(parse(text), undefined)
})

test('what is wrong is told by its line and column, in characters, whatever ends the lines', () => {
  for (const [text, told] of [
    ['', 'is not well-formed JSON (line 1, column 1)'],
    ['{', 'is not well-formed JSON (line 1, column 2)'],
    ['{a:1}', 'is not well-formed JSON (line 1, column 2)'],
    ['{"a":1,}', 'is not well-formed JSON (line 1, column 8)'],
    ['{\n  "a": "b",\n  "c": }', 'is not well-formed JSON (line 3, column 8)'],
    ['{\r\n  "a": "b",\r\n  "c": }', 'is not well-formed JSON (line 3, column 8)'],
    ['{\r"a": "b"\r"c": 1}', 'is not well-formed JSON (line 3, column 1)'],
    ['\ufeff{"a":1,}', 'is not well-formed JSON (line 1, column 8)'],
    ['{"é😀漢": x}', 'is not well-formed JSON (line 1, column 9)'],
    ['{"a":"b\nc"}', 'is not well-formed JSON (line 1, column 8)'],
    ['{"a":"\\x"}', 'is not well-formed JSON (line 1, column 8)'],
    ['{"a":"b', 'is not well-formed JSON (line 1, column 8)'],
    ['[01]', 'is not well-formed JSON (line 1, column 3)'],
    ['[1.]', 'is not well-formed JSON (line 1, column 4)'],
    ['[-]', 'is not well-formed JSON (line 1, column 3)'],
    ['[tru]', 'is not well-formed JSON (line 1, column 5)'],
    ['{} {}', 'is not well-formed JSON (line 1, column 4)'],
    ['{"a":1,\n"a":2}', 'repeats a member (line 2, column 1)'],
    ['{"b":{"a":1},"c":[{"a":1,"\\u0061":2}]}', 'repeats a member (line 1, column 26)'],
    ['{"a":{"__proto__":1}}', 'has a member of a reserved name (line 1, column 7)'],
    ['[[[[[[[[\n[]]]]]]]]]', 'is nested deeper than 8 levels (line 2, column 1)'],
  ] as const)
    assert.equal(flaw(text), told, text)
  const text = Buffer.from('\ufeff{\n"\ufffd":"?"}')
  text[text.indexOf('?')] = 0xff
  assert.equal(flaw(text), 'is not UTF-8 (line 2, column 6)')
})

test('a sign that has no place is told where it was put, in any text', () => {
  const whole = JSON.stringify({ é: ['😀', -1.5e3, true, null, { a: {} }], b: '"\\' }, null, 2)
  for (const end of ['\n', '\r\n']) {
    const lines = whole.split('\n')
    for (const [index, line] of lines.entries()) {
      const text = lines.with(index, `${line}!`).join(end)
      assert.equal(flaw(text), `is not well-formed JSON (line ${index + 1}, column ${[...line].length + 1})`)
    }
  }
})

test('a flaw at the end of a text of a megabyte is found without delay', () => {
  const start = performance.now()
  for (const text of [
    '"'.padEnd(1_000_000, 'a'),
    `{"a":"${'\\n'.repeat(500_000)}`,
    `[${'"a",'.repeat(250_000)}]`,
  ])
    assert.match(flaw(text), /column/)
  assert.ok(performance.now() - start < 4_000)
})
