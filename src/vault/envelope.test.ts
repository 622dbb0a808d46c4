import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { EnvelopeError, lengthPrefixed, open, seal, termOf, type KeyLabel } from './envelope.ts'

const keyOf = (bytes: Uint8Array) => createSecretKey(bytes)
const key = keyOf(Buffer.alloc(32, 0x11))
const place = [
  'hawser/aad/v1',
  'inst_00000000',
  'connection.credentials',
  'se-1',
  'production',
  'se-12345678',
  'stamps_com',
  '1',
]
const credentials = Buffer.from('{"username":"newusername","password":"supersecretpassword"}')
const refused = (act: () => unknown, { what }: { what?: string } = {}) =>
  assert.throws(act, EnvelopeError, what)

/** `samples` are envelopes of several sizes and both labels. */
const samples = [0, 1, 59, 60, 61, 300].map((length, index) => {
  const label: KeyLabel = index % 2 === 0 ? 'record' : 'term'
  const plaintext = randomBytes(length)
  return { label, plaintext, envelope: seal(key, plaintext, { term: index, label, place }) }
})

test('an envelope with any single bit flipped does not open', () => {
  for (const { label, plaintext, envelope } of samples) {
    for (let bit = 0; bit < envelope.length * 8; bit += 1) {
      const flipped = Buffer.from(envelope)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      refused(() => open(key, label, place, flipped), { what: `bit ${bit} of ${envelope.length} bytes` })
    }
    assert.deepEqual(open(key, label, place, envelope), plaintext, 'the control: unaltered, it opens')
  }
})

test('an envelope cut or extended at either end does not open', () => {
  for (const { label, envelope } of samples) {
    for (let length = 0; length < envelope.length; length += 1) {
      refused(() => open(key, label, place, envelope.subarray(0, length)), {
        what: `the first ${length} bytes`,
      })
      refused(() => open(key, label, place, envelope.subarray(envelope.length - length)), {
        what: `the last ${length}`,
      })
    }
    for (const extra of [1, 4, 12, 16, 64, 128].map((length) => Buffer.alloc(length))) {
      refused(() => open(key, label, place, Buffer.concat([envelope, extra])))
      refused(() => open(key, label, place, Buffer.concat([extra, envelope])))
      const inside = [envelope.subarray(0, 70), extra, envelope.subarray(70)]
      refused(() => open(key, label, place, Buffer.concat(inside)))
    }
  }
})

test('a shortened tag is refused, whatever length a cipher would take', () => {
  const { label, envelope } = samples[0] ?? assert.fail()
  for (const length of [4, 8, 12, 13, 14, 15])
    refused(() => open(key, label, place, envelope.subarray(0, envelope.length - 16 + length)))
})

test('an envelope opens for its own place only: every part counts, and so does where one ends', () => {
  const envelope = seal(key, credentials, { term: 1, label: 'record', place })
  for (const [index, part] of place.entries()) {
    for (const other of [`${part}x`, part.slice(0, -1), part.toUpperCase() + '\0', ''])
      refused(() => open(key, 'record', place.with(index, other), envelope), { what: `${part} → ${other}` })
    refused(() => open(key, 'record', place.toSpliced(index, 1), envelope))
    refused(() => open(key, 'record', place.toSpliced(index, 0, ''), envelope))
  }
  refused(() => open(key, 'record', [...place, ''], envelope))
  refused(() => open(key, 'record', place.toReversed(), envelope))
  const other = seal(key, credentials, { term: 1, label: 'record', place: ['a', 'bc'] })
  refused(() => open(key, 'record', ['ab', 'c'], other))
  assert.deepEqual(open(key, 'record', [...place], envelope), credentials, 'the control: its own place')
})

test('of fifty envelopes and fifty places only the fifty pairs that belong together open', () => {
  const fifty = Array.from({ length: 50 }, (_, n) => {
    const own = ['hawser/aad/v1', 'inst_0', `p${n % 3}`, `t${n % 7}`, 'production', `se-${n}`, 'ups', '1']
    return { own, envelope: seal(key, credentials, { term: 1, label: 'record', place: own }) }
  })
  let opened = 0
  for (const [row, { own }] of fifty.entries()) {
    for (const [column, { envelope }] of fifty.entries()) {
      if (row !== column) refused(() => open(key, 'record', own, envelope))
      else opened += Number(open(key, 'record', own, envelope).equals(credentials))
    }
  }
  assert.equal(opened, 50)
})

test('bytes of another version or suite have no term', () => {
  const { envelope } = samples[1] ?? assert.fail()
  for (const at of [0, 1])
    for (const other of [0, 2, 255]) refused(() => termOf(Buffer.from(envelope).fill(other, at, at + 1)))
  assert.equal(termOf(envelope), 1)
})

test('another key and the other label do not open an envelope', () => {
  for (const label of ['record', 'term'] as const) {
    const envelope = seal(key, credentials, { term: 1, label, place })
    refused(() => open(key, label === 'record' ? 'term' : 'record', place, envelope))
    refused(() => open(keyOf(Buffer.alloc(32, 0x12)), label, place, envelope))
    refused(() => open(keyOf(randomBytes(32)), label, place, envelope))
    assert.deepEqual(open(key, label, place, envelope), credentials)
  }
})

test('bytes that were never sealed are refused with the same error, whatever they look like', () => {
  const shaped = fc
    .tuple(fc.integer({ min: 0, max: 4 }), fc.uint8Array({ minLength: 4, maxLength: 100 }))
    .map(([blocks, noise]) => {
      const blob = Buffer.alloc(70 + 64 * blocks + 16, noise)
      blob.set([1, 1])
      return blob
    })
  const message = new EnvelopeError().message
  let whole = 0
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), shaped), (blob) => {
      assert.throws(() => open(key, 'record', place, blob), { name: 'EnvelopeError', message })
      try {
        termOf(blob)
        whole += 1
      } catch (error) {
        assert.ok(error instanceof EnvelopeError)
      }
    }),
    { numRuns: 20_000 },
  )
  assert.ok(whole > 1_000, 'the control: many of them passed for an envelope until they were opened')
})

test('what was sealed opens again, for every length from 0 to 5,000, and shows its length in blocks only', () => {
  const source = randomBytes(5_000)
  for (let length = 0; length <= 5_000; length += length < 200 ? 1 : 37) {
    const envelope = seal(key, source.subarray(0, length), { term: 7, label: 'record', place })
    assert.equal(envelope.length, 86 + 64 * Math.ceil((length + 4) / 64))
    assert.deepEqual(open(key, 'record', place, envelope), source.subarray(0, length))
  }
})

test('two envelopes of one plaintext have no 16 bytes in common, and neither repeats any', () => {
  const repetitive = Buffer.alloc(4_096, 'password')
  const windows = (bytes: Buffer) =>
    Array.from({ length: bytes.length - 15 }, (_, at) => bytes.toString('hex', at, at + 16))
  const as = { term: 1, label: 'record', place } as const
  const both = [1, 2].flatMap(() => windows(seal(key, repetitive, as).subarray(6)))
  assert.equal(new Set(both).size, both.length)
  assert.ok(new Set(windows(repetitive)).size < 16, 'the control: the plaintext itself repeats')
})

const many = process.env.HAWSER_TEST_QUICK === '1' ? 10_000 : 100_000

test(`${many} envelopes have ${many} salts`, () => {
  const salts = new Set<string>()
  for (let count = 0; count < many; count += 1)
    salts.add(seal(key, credentials, { term: 1, label: 'record', place }).toString('latin1', 6, 38))
  assert.equal(salts.size, many)
})

test('joined parts tell every two different lists of parts apart', () => {
  const joined = (...list: string[]) => lengthPrefixed(list).toString('hex')
  assert.notEqual(joined('', ''), joined('\0\0\0\0'))
  assert.notEqual(joined('a', 'b'), joined('a\0\0\0\u0001b'))
  assert.notEqual(joined(''), joined())
  const parts = fc.array(
    fc.string({ unit: fc.constantFrom('\0\0\0\0', '\0\0\0\u0001', '\0', 'a'), maxLength: 6 }),
    {
      maxLength: 4,
    },
  )
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const same = a.length === b.length && a.every((part, index) => part === b[index])
      assert.equal(lengthPrefixed(a).equals(lengthPrefixed(b)), same)
    }),
    { numRuns: 5_000 },
  )
})
