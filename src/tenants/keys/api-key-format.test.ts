import assert from 'node:assert/strict'
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { isSameSecret, makeApiKey, parseApiKey } from './api-key-format.ts'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const FORM = /^(TEST_)?hws_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/
const SECRET = 'CDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrs'
const PRODUCTION = `hws_0123456789AB_${SECRET}_3TcG9Z`
const SANDBOX = `TEST_hws_0123456789AB_${SECRET}_2LZnCH`

/** Computes the checksum of an API key in a second way: CRC-32 bit by bit, then written in base 62. */
function checksum(body: string): string {
  let crc = 0xffff_ffff
  for (const byte of Buffer.from(body)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1
  }
  let rest = BigInt(~crc >>> 0)
  let text = ''
  for (let place = 0; place < 6; place += 1, rest /= 62n) text = `${ALPHABET[Number(rest % 62n)]}${text}`
  return text
}

test('a text that is no key of the published form is refused', () => {
  const [, , , sum] = PRODUCTION.split('_')
  for (const text of [
    ...['', ' ', 'hws_', 'undefined', PRODUCTION.slice(0, -1), `${PRODUCTION}0`, PRODUCTION.slice(1)],
    ...[
      ` ${PRODUCTION}`,
      `${PRODUCTION} `,
      `${PRODUCTION}\n`,
      `${PRODUCTION}\0`,
      `${PRODUCTION},${PRODUCTION}`,
    ],
    ...[PRODUCTION.toLowerCase(), PRODUCTION.toUpperCase(), PRODUCTION.replaceAll('_', '-')],
    `hws_0123456789AB_${SECRET.slice(1)}_${checksum(`hws_0123456789AB_${SECRET.slice(1)}`)}`,
    `hws_0123456789A_${SECRET}_${checksum(`hws_0123456789A_${SECRET}`)}`,
    `hws_0123456789Aé_${SECRET}_${checksum(`hws_0123456789Aé_${SECRET}`)}`,
    `hws__0123456789AB_${SECRET}_${sum}`,
    `TEST_TEST_hws_0123456789AB_${SECRET}_${checksum(`TEST_TEST_hws_0123456789AB_${SECRET}`)}`,
  ])
    assert.equal(parseApiKey(text), undefined, text)
})

test('a key does not change its environment when the prefix is added or taken away', () => {
  for (const text of [
    `TEST_${PRODUCTION}`,
    SANDBOX.slice(5),
    SANDBOX.replace('TEST_', 'test_'),
    `PROD_${PRODUCTION}`,
  ])
    assert.equal(parseApiKey(text), undefined, text)
  for (let count = 0; count < 1_000; count += 1) {
    assert.equal(parseApiKey(`TEST_${makeApiKey('production').text}`), undefined)
    assert.equal(parseApiKey(makeApiKey('sandbox').text.slice(5)), undefined)
  }
})

test('a key with any one character changed, or any two neighbours swapped, is refused', () => {
  for (const key of [PRODUCTION, SANDBOX, makeApiKey('production').text, makeApiKey('sandbox').text]) {
    assert.ok(parseApiKey(key), 'the control: unchanged, it is a key')
    for (let at = 0; at < key.length; at += 1) {
      for (const other of `${ALPHABET}_- \0é`) {
        if (other !== key[at])
          assert.equal(parseApiKey(key.slice(0, at) + other + key.slice(at + 1)), undefined)
      }
      const swapped = `${key.slice(0, at)}${key[at + 1] ?? ''}${key[at]}${key.slice(at + 2)}`
      if (swapped !== key) assert.equal(parseApiKey(swapped), undefined, swapped)
    }
  }
})

test('a random text is no key, also when it has the form of one', () => {
  const letters = (length: number) =>
    fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: length, maxLength: length })
  const shaped = fc
    .tuple(fc.constantFrom('', 'TEST_'), letters(12), letters(43), letters(6))
    .map(([prefix, ...parts]) => `${prefix}hws_${parts.join('_')}`)
  let inForm = 0
  fc.assert(
    fc.property(fc.oneof(fc.string(), shaped), (text) => {
      inForm += Number(FORM.test(text))
      assert.equal(parseApiKey(text), undefined)
    }),
    { numRuns: 6_000 },
  )
  assert.ok(inForm > 2_000, 'the control: only the checksum was wrong')
})

test('100,000 keys have the published form, are all different, and say what they were made of', () => {
  const ids = new Set<string>()
  const secrets = new Set<string>()
  const counts = new Map<string, number>()
  for (let count = 0; count < 100_000; count += 1) {
    const environment = count % 2 === 0 ? 'production' : 'sandbox'
    const { text, ...made } = makeApiKey(environment)
    assert.ok(FORM.test(text))
    assert.equal(text.startsWith('TEST_'), environment === 'sandbox')
    const parsed = parseApiKey(text)
    assert.ok(parsed?.keyId === made.keyId && parsed.environment === environment, text)
    assert.ok(parsed.secretHash.equals(made.secretHash), text)
    ids.add(made.keyId)
    secrets.add(made.secretHash.toString('latin1'))
    if (count < 5_000)
      for (const letter of text.split('_').at(-2) ?? '') counts.set(letter, (counts.get(letter) ?? 0) + 1)
  }
  assert.deepEqual([ids.size, secrets.size], [100_000, 100_000])
  const expected = (5_000 * 43) / 62
  assert.equal(counts.size, 62)
  for (const [letter, count] of counts)
    assert.ok(Math.abs(count - expected) < 6 * Math.sqrt(expected), `${letter} stands ${count} times`)
})

test('the checksum and the hash of a key are the frozen ones, computed twice', () => {
  const secretHash = Buffer.from('1be3ece7e1a9ce438bdb56273b4d5de1e18c51c7f786df7f88b96746fa8626f2', 'hex')
  assert.deepEqual(createHash('sha256').update(`hawser/apikey/v1\0${SECRET}`).digest(), secretHash)
  for (const text of [PRODUCTION, SANDBOX]) {
    assert.equal(`${text.slice(0, -7)}_${checksum(text.slice(0, -7))}`, text)
    const environment = text === SANDBOX ? 'sandbox' : 'production'
    assert.deepEqual(parseApiKey(text), { keyId: '0123456789AB', environment, secretHash })
  }
})

test('a secret is the same as itself, and as nothing else, nor as nothing at all', () => {
  const stored = randomBytes(32)
  assert.equal(isSameSecret(stored, undefined), false)
  for (let bit = 0; bit < 256; bit += 1) {
    const other = Buffer.from(stored)
    other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.equal(isSameSecret(other, stored), false)
  }
  assert.equal(isSameSecret(Buffer.from(stored), new Uint8Array(stored)), true)
})

/** Computes Welch’s t of two samples without their slowest tenth; above 4.5 the two can be distinguished by time. */
function welch(samples: readonly [number[], number[]]): number {
  const [a, b] = samples.map((times) => {
    const kept = times.toSorted((x, y) => x - y).slice(0, Math.floor(times.length * 0.9))
    const mean = kept.reduce((sum, time) => sum + time, 0) / kept.length
    const variance = kept.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (kept.length - 1)
    return { mean, error: variance / kept.length }
  })
  return a && b ? Math.abs(a.mean - b.mean) / Math.sqrt(a.error + b.error) : NaN
}

function timed(isSame: (presented: Buffer, stored: Buffer) => boolean): number {
  const stored = randomBytes(32)
  const wrong = [0, 31].map((at) => {
    const bytes = Buffer.from(stored)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    return bytes
  })
  const samples: [number[], number[]] = [[], []]
  for (let count = -2_000; count < 30_000; count += 1) {
    const which = randomInt(2) as 0 | 1
    const presented = wrong[which] ?? stored
    const start = process.hrtime.bigint()
    for (let repeat = 0; repeat < 10; repeat += 1) isSame(presented, stored)
    const time = Number(process.hrtime.bigint() - start)
    if (count >= 0) samples[which].push(time)
  }
  return welch(samples)
}

test('how long a comparison takes does not say where two secrets differ', () => {
  const leaky = (presented: Buffer, stored: Buffer) => presented.every((byte, at) => byte === stored[at])
  // A busy machine can show a difference where there is none, but it does not hide one three times, so the best of three counts.
  const seen: number[] = []
  while (seen.length < 3 && !seen.some((t) => t < 4.5)) {
    assert.ok(timed(leaky) > 4.5, 'the control: an early end shows')
    seen.push(timed(isSameSecret))
  }
  assert.ok(
    seen.some((t) => t < 4.5),
    seen.join(),
  )
})
