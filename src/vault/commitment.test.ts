import assert from 'node:assert/strict'
import { createCipheriv, createDecipheriv, createHash, createSecretKey, hkdfSync } from 'node:crypto'
import { test } from 'node:test'
import { EnvelopeError, lengthPrefixed, open } from './envelope.ts'

// Plain AES-GCM does not bind a ciphertext to one key. This file makes an envelope whose ciphertext and tag two keys
// accept, and shows that the commitment alone decides which of the two opens it.

const place = ['hawser/aad/v1', 'inst_00000000', 'connection.credentials', 'tenant']
const aad = lengthPrefixed(place)
const header = Buffer.from([1, 1, 0, 0, 0, 1])
const info = Buffer.concat([Buffer.from('hawser/record/v1\0'), createHash('sha256').update(aad).digest()])
const LENGTH = 1 << 20

type Derived = { key: Buffer; nonce: Buffer; commitment: Buffer }

function derive(term: Uint8Array, salt: Uint8Array): Derived {
  const okm = Buffer.from(hkdfSync('sha512', term, salt, info, 76))
  return { key: okm.subarray(0, 32), nonce: okm.subarray(32, 44), commitment: okm.subarray(44) }
}

function encrypt({ key, nonce }: Derived, plaintext: Uint8Array) {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
  cipher.setAAD(Buffer.concat([header, aad]))
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return { ciphertext, tag: cipher.getAuthTag() }
}

function plainGcmOpens({ key, nonce }: Derived, ciphertext: Buffer, tag: Buffer): boolean {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
  decipher.setAAD(Buffer.concat([header, aad]))
  decipher.setAuthTag(tag)
  decipher.update(ciphertext)
  try {
    decipher.final()
    return true
  } catch {
    return false
  }
}

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return Buffer.from(a.map((byte, at) => byte ^ (b[at] ?? 0)))
}

/** Returns the tag that a key gives to a ciphertext. */
const tagOf = (derived: Derived, ciphertext: Buffer) =>
  encrypt(derived, xor(ciphertext, encrypt(derived, Buffer.alloc(ciphertext.length)).ciphertext)).tag

// GCM writes an element of GF(2^128) so that the first bit of a block is the coefficient of 1.
const ONE = 1n << 127n
const toField = (block: Buffer) => BigInt(`0x${block.toString('hex')}`)
const toBlock = (value: bigint) => Buffer.from(value.toString(16).padStart(32, '0'), 'hex')

function times(a: bigint, b: bigint): bigint {
  let product = 0n
  let shifted = b
  for (let bit = 127n; bit >= 0n; bit -= 1n) {
    if ((a >> bit) & 1n) product ^= shifted
    shifted = shifted & 1n ? (shifted >> 1n) ^ (0xe1n << 120n) : shifted >> 1n
  }
  return product
}

/** Returns 1/a, which is a to the power of 2^128 - 2. */
function inverse(a: bigint): bigint {
  let power = a
  let product = ONE
  for (let bit = 1; bit < 128; bit += 1) {
    power = times(power, power)
    product = times(product, power)
  }
  return product
}

/** Makes a ciphertext and a tag that both keys accept, with a last block that balances the difference between the two tags. */
function acceptedByBoth(a: Derived, b: Derived, ciphertext: Buffer) {
  const last = ciphertext.length - 16
  const withLast = (block: Buffer) => Buffer.concat([ciphertext.subarray(0, last), block])
  const zero = withLast(Buffer.alloc(16))
  const one = withLast(toBlock(ONE))
  const weight = (derived: Derived) => toField(xor(tagOf(derived, zero), tagOf(derived, one)))
  const difference = toField(xor(tagOf(a, zero), tagOf(b, zero)))
  const balanced = withLast(toBlock(times(difference, inverse(weight(a) ^ weight(b)))))
  return { ciphertext: balanced, tag: tagOf(a, balanced) }
}

test('of two keys that accept one ciphertext and tag, only the one that the commitment names opens the envelope', () => {
  const terms = { a: Buffer.alloc(32, 0xaa), b: Buffer.alloc(32, 0xbb) }
  // The loop finds a salt under which both keys read a plausible length from the same first block, so that only the commitment can refuse.
  let salt = Buffer.alloc(32)
  let lengthUnderB = Infinity
  for (let count = 0; lengthUnderB > LENGTH - 64; count += 1) {
    salt = Buffer.alloc(32)
    salt.writeUInt32BE(count)
    const [ofA, ofB] = [terms.a, terms.b].map(
      (term) => encrypt(derive(term, salt), Buffer.alloc(4)).ciphertext,
    )
    lengthUnderB = ((ofA?.readUInt32BE() ?? 0) ^ (ofB?.readUInt32BE() ?? 0)) >>> 0
  }
  const a = derive(terms.a, salt)
  const b = derive(terms.b, salt)
  const forged = acceptedByBoth(a, b, encrypt(a, Buffer.alloc(LENGTH)).ciphertext)
  assert.ok(plainGcmOpens(a, forged.ciphertext, forged.tag), 'the control: plain GCM opens it under one key')
  assert.ok(plainGcmOpens(b, forged.ciphertext, forged.tag), 'the control: and under the other')

  const committedTo = ({ commitment }: Derived) =>
    Buffer.concat([header, salt, commitment, forged.ciphertext, forged.tag])
  const openAs = (term: Uint8Array, envelope: Buffer) =>
    open(createSecretKey(term), 'record', place, envelope)
  assert.throws(() => openAs(terms.b, committedTo(a)), EnvelopeError)
  assert.throws(() => openAs(terms.a, committedTo(b)), EnvelopeError)
  assert.equal(openAs(terms.a, committedTo(a)).length, 0)
  assert.equal(openAs(terms.b, committedTo(b)).length, lengthUnderB)
})
