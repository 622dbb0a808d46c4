import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseStrictJson } from './strict-json.ts'

const RESERVED = ['__proto__', 'constructor', 'prototype']

/** Returns true where the strict reader has to accept a text; `isStrict` decides from the tokens of the text. */
function isStrict(text: string): boolean {
  try {
    JSON.parse(text)
  } catch {
    return false
  }
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\]:]/gs) ?? []
  const open: Set<string>[] = []
  let members = 0
  for (const [index, token] of tokens.entries()) {
    if (token === '{' || token === '[') open.push(new Set())
    else if (token === '}' || token === ']') open.pop()
    else if (tokens[index + 1] === ':') {
      const name = JSON.parse(token) as string
      if (open.at(-1)?.has(name) || RESERVED.includes(name)) return false
      open.at(-1)?.add(name)
      members += 1
    }
    if (open.length > 8) return false
  }
  return members <= 200
}

/** Expects that a text is read as `JSON.parse` reads it where `isStrict` returns true, and is refused otherwise; returns the result of `isStrict`. */
function agrees(given: string): boolean {
  const text = given.replace(/^\ufeff/, '')
  const strict = isStrict(text)
  const read = parseStrictJson(Buffer.from(given))
  if (strict) assert.deepEqual(read, { value: JSON.parse(text) }, text)
  else assert.match('flaw' in read ? read.flaw : text, /\(line \d+, column \d+\)$|more than 200 members$/)
  return strict
}

const nasty = fc.string({
  unit: fc.constantFrom(
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '/',
    'u',
    '0',
    '\n',
    '\u2028',
    'é',
    '😀',
    '\ud800',
  ),
  maxLength: 8,
})
const name = fc.oneof(
  { weight: 8, arbitrary: nasty },
  { weight: 1, arbitrary: fc.constantFrom('', ...RESERVED) },
)
const value = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    nasty,
    fc.oneof(fc.double(), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(name, tie('any'), { maxKeys: 5 }),
  ),
})).any

/** Returns a value as JSON in one of many spellings: `pick` decides where white space and escapes stand, and with `repeat` which members are repeated. */
function spelled(
  given: unknown,
  { pick, repeat }: { pick: (choices: number) => number; repeat: boolean },
): string {
  const gap = () => ['', '', ' ', '\n\t', '\r'][pick(5)] ?? ''
  const text = (content: string) =>
    `"${content.replace(/[^]/g, (unit) =>
      pick(4) === 0
        ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
        : JSON.stringify(unit).slice(1, -1),
    )}"`
  const write = (part: unknown): string => {
    if (typeof part === 'string') return text(part)
    if (typeof part !== 'object' || part === null) return JSON.stringify(part)
    if (Array.isArray(part)) return `[${gap()}${part.map(write).join(`${gap()},${gap()}`)}]`
    const members = Object.entries(part).map(
      ([key, member]) => `${text(key)}${gap()}:${gap()}${write(member)}`,
    )
    const again = repeat && pick(4) === 0 ? members.slice(0, 1) : []
    return `{${[...members, ...again].join(`${gap()},${gap()}`)}${gap()}}`
  }
  return gap() + write(given) + gap()
}

test('every JSON value, in any spelling, is read as JSON reads it or refused for what strictness forbids', () => {
  const seen = { taken: 0, refused: 0 }
  fc.assert(
    fc.property(value, fc.infiniteStream(fc.nat(59)), fc.boolean(), (given, noise, repeat) => {
      const pick = (choices: number) => (noise.next().value ?? 0) % choices
      const text = spelled(given, { pick, repeat })
      seen[agrees(text) ? 'taken' : 'refused'] += 1
    }),
    { numRuns: 5_000 },
  )
  assert.ok(seen.taken > 1_000 && seen.refused > 200, JSON.stringify(seen))
})

test('a text changed at random is never an error, and never read otherwise than JSON reads it', () => {
  const piece = fc.constantFrom(
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"a":1,',
    '\\u0061',
    '',
    '1',
    '\0',
    '\ufeff',
  )
  const change = fc.record({ at: fc.nat(200), remove: fc.nat(3), insert: piece })
  const before = Reflect.ownKeys(Object.prototype).length + Reflect.ownKeys(Array.prototype).length
  let taken = 0
  fc.assert(
    fc.property(value, fc.array(change, { minLength: 1, maxLength: 3 }), (given, changes) => {
      let text = JSON.stringify(given)
      for (const { at, remove, insert } of changes) {
        const place = at % (text.length + 1)
        text = text.slice(0, place) + insert + text.slice(place + remove)
      }
      taken += Number(agrees(text.toWellFormed()))
    }),
    { numRuns: 6_000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => void parseStrictJson(bytes)),
    { numRuns: 3_000 },
  )
  assert.ok(taken > 200, `${taken} were still JSON`)
  assert.equal(Reflect.ownKeys(Object.prototype).length + Reflect.ownKeys(Array.prototype).length, before)
})
