import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { describeError } from './log/describe-error.ts'
import { ApiError, StartRefused } from './errors.ts'
import { createLog, type Log } from './log.ts'
import { Secret } from './secret.ts'

const VALUE = 'Tr0ub4dor&3-Kq9'
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
type Level = (typeof LEVELS)[number]

/** Returns everything that a log at the lowest level writes while `write` runs. */
function logged(write: (log: Log) => void): string {
  const chunks: string[] = []
  write(createLog('trace', { write: (chunk) => void chunks.push(chunk) }))
  return chunks.join('')
}

const shows = (text: string) => text.includes(VALUE.slice(0, 6))

/** `ways` has the ways to log something that holds the value; `wrap` makes the value a secret, or returns it unchanged. */
const ways: Record<string, (log: Log, level: Level, wrap: (value: string) => any) => void> = {
  'a member': (log, level, wrap) => log[level]({ password: wrap(VALUE) }, 'text'),
  'a deep member': (log, level, wrap) => log[level]({ a: { b: [{ c: [wrap(VALUE)] }] } }, 'text'),
  'a message': (log, level, wrap) => log[level](`text ${wrap(VALUE)}`),
  'a format': (log, level, wrap) =>
    log[level]('%s %o %O %j', wrap(VALUE), wrap(VALUE), wrap(VALUE), wrap(VALUE)),
  'a member and an argument': (log, level, wrap) => log[level]({ value: wrap(VALUE) }, '%s', wrap(VALUE)),
  'the bindings of a child': (log, level, wrap) => log.child({ password: wrap(VALUE) })[level]('text'),
}

for (const [way, write] of Object.entries(ways)) {
  test(`a secret in ${way} does not reach the log, at any level`, () => {
    for (const level of LEVELS) {
      const text = logged((log) => write(log, level, (value) => new Secret(value)))
      assert.ok(!shows(text), text)
      assert.ok(shows(logged((log) => write(log, level, (value) => value))), 'the control: a text does')
    }
  })
}

const deep = new Error(VALUE, { cause: new Error(VALUE, { cause: new RangeError(VALUE) }) })
const foreign: Record<string, unknown> = {
  'an error': new Error(VALUE),
  'an error of several lines': new Error(`x\n    at ${VALUE}\n    at f (${VALUE}:1:2)\n${VALUE}`),
  'an error of line ends only': new Error(`\n\n    at ${VALUE}`),
  'an error that got its message later': Object.assign(new Error(), { message: `x\n    at ${VALUE}` }),
  'an error with properties': Object.assign(new TypeError('x'), {
    input: VALUE,
    detail: VALUE,
    errno: VALUE,
  }),
  'an error with a code that is no text': Object.assign(new Error('x'), { code: { value: VALUE } }),
  'nested causes': deep,
  'our refusal with a foreign cause': new StartRefused('Ours.', { cause: deep }),
  'an aggregate': new AggregateError([new Error(VALUE), VALUE], VALUE, { cause: new Error(VALUE) }),
  'a text': VALUE,
  'an object': { message: VALUE, stack: `Error\n    at ${VALUE}`, name: VALUE },
  'a function': Object.assign(() => VALUE, { message: VALUE }),
  'a symbol': Symbol(VALUE),
  'an error caused by a text': new Error('x', { cause: VALUE }),
  'what JSON says of a body': thrownBy(() => JSON.parse(`{"password":${VALUE}\n    at ${VALUE}`)),
  'what a URL says of its text': thrownBy(() => new URL(`//${VALUE}`)),
}

function thrownBy(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    return error
  }
}

for (const [what, error] of Object.entries(foreign)) {
  test(`the text of ${what} is not told`, () => {
    assert.ok(!shows(JSON.stringify(describeError(error))))
    const text = logged((log) => log.error({ err: error }, 'request failed'))
    assert.ok(!shows(text), text)
    assert.match(text, /"err":\{"name":/)
  })
}

test('an error that is logged without a sentence of ours does not become the message', () => {
  const err = new Error(VALUE)
  for (const level of LEVELS) {
    assert.ok(!shows(logged((log) => log[level](err))), 'an error alone')
    assert.ok(!shows(logged((log) => log[level]({ err }))), 'an error as a member')
  }
})

test('an error whose message was changed after its stack was read tells neither text', () => {
  const error = new Error(`x\n    at ${VALUE}`)
  assert.ok(error.stack?.includes(VALUE), 'the control: the stack holds the first text')
  error.message = 'something else'
  assert.ok(!shows(JSON.stringify(describeError(error))))
})

test('no message of whatever pieces reaches the description of an error', () => {
  const pieces = [
    'Error',
    ': ',
    '\n',
    '    at ',
    ' at x (',
    VALUE,
    ')',
    'TypeError: ',
    '\n    at SECRET',
    '\r\n',
    '',
  ]
  const message = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join(''))
  const type = fc.constantFrom(Error, TypeError, RangeError, SyntaxError)
  fc.assert(
    fc.property(message, message, type, (text, other, Type) => {
      const error = new Type(text, { cause: new Type(other) })
      const told = describeError(error)
      assert.ok(!/Tr0ub|SECRET/.test(JSON.stringify(told)), text)
      assert.ok(
        told.at?.some((frame) => frame.includes('log.test.ts')),
        'the control: the frames are there',
      )
    }),
    { numRuns: 5_000 },
  )
})

test('a chain of causes ends, also where it is a circle', () => {
  const error = new Error(VALUE)
  error.cause = new Error(VALUE, { cause: error })
  const text = JSON.stringify(describeError(error))
  assert.ok(!shows(text))
  assert.equal(text.match(/"name"/g)?.length, 5)
})

test('of an error its name, its code and at most eight frames are told, and our own messages', () => {
  const told = describeError(Object.assign(new TypeError('x'), { code: 'ERR_X' }))
  assert.deepEqual({ ...told, at: [] }, { name: 'TypeError', code: 'ERR_X', at: [] })
  assert.match(told.at?.[0] ?? '', /^at .*log\.test\.ts:\d+:\d+/)
  const recurse = (depth: number): Error => (depth === 0 ? new Error('x') : recurse(depth - 1))
  assert.equal(describeError(recurse(20)).at?.length, 8)
  assert.equal(describeError(new StartRefused('Ours.')).message, 'Ours.')
  assert.equal(describeError(new ApiError([{ condition: 'internal', message: 'Ours.' }])).message, 'Ours.')
  assert.equal(describeError(null).name, 'object')
})

test('10,000 lines with line ends and control characters in every place stay 10,000 lines', () => {
  const nasty = [
    '\n',
    '\r\n',
    '\u001b[2J',
    '\u2028',
    '\u2029',
    '\0',
    '\b',
    '\u000b',
    '"',
    '\\',
    '\\n',
    '}\n{',
    '\ud800',
  ]
  const texts = Array.from({ length: 10_000 }, (_, index) => {
    const [first, second] = [index, Math.floor(index / nasty.length)].map((n) => nasty[n % nasty.length])
    return `${first}${index}${second}{"level":"fatal"}${first}`
  })
  const output = logged((log) => {
    for (const [index, text] of texts.entries()) {
      const level = LEVELS[index % LEVELS.length] ?? 'info'
      if (index % 4 === 0) log[level](text)
      else if (index % 4 === 1) log[level]({ value: text, [text]: [text] }, '%s', text)
      else if (index % 4 === 2) log.child({ value: text })[level]({ err: new Error(text) }, text)
      else log[level]({ err: Object.assign(new Error(text), { code: text }) }, text)
    }
  })
  const lines = output.split('\n')
  assert.equal(lines.pop(), '')
  assert.equal(lines.length, 10_000)
  for (const [index, line] of lines.entries()) {
    assert.doesNotMatch(line, /[\0-\x1f]/)
    assert.equal(JSON.parse(line).msg, texts[index])
  }
})

test('a line has its level, its time and what was logged, and a level that is too low writes none', () => {
  const line = JSON.parse(logged((log) => log.warn({ a: 1 }, 'text')))
  assert.deepEqual(Object.keys(line), ['level', 'time', 'a', 'msg'])
  assert.equal(new Date(line.time).toISOString(), line.time)
  assert.equal(line.level, 'warn')
  const chunks: string[] = []
  const log = createLog('error', { write: (chunk) => void chunks.push(chunk) })
  log.warn('text')
  assert.equal(chunks.length, 0)
  log.error('text')
  assert.equal(chunks.length, 1)
})
