import assert from 'node:assert/strict'
import { createCipheriv, createHash, createHmac, createSecretKey, webcrypto } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { EnvelopeError, open, seal, termOf, type KeyLabel } from './envelope.ts'

const keyOf = (bytes: Uint8Array) => createSecretKey(bytes)

type Ingredients = {
  key: Uint8Array<ArrayBuffer>
  term: number
  label: KeyLabel
  place: string[]
  plaintext: Uint8Array
  salt: Uint8Array<ArrayBuffer>
}

/** Writes the header, the associated data and the padded plaintext of an envelope as the description of the envelope says. */
function described({ term, place, plaintext }: Ingredients) {
  const u32 = (value: number) => Buffer.from(value.toString(16).padStart(8, '0'), 'hex')
  const header = Buffer.concat([Buffer.from([1, 1]), u32(term)])
  const aad = Buffer.concat(
    place.map((part) => Buffer.concat([u32(Buffer.byteLength(part)), Buffer.from(part)])),
  )
  const unpadded = Buffer.concat([u32(plaintext.length), plaintext])
  const padded = Buffer.concat([unpadded, Buffer.alloc((64 - (unpadded.length % 64)) % 64)])
  return { header, aad, padded }
}

/** Seals an envelope by hand, with HKDF computed from HMACs; `inside` replaces the padded plaintext. */
function sealByHand(given: Ingredients, { inside }: { inside?: Buffer } = {}): Buffer {
  const { header, aad, padded } = described(given)
  const hmac = (secret: Uint8Array, ...data: Uint8Array[]) =>
    createHmac('sha512', secret).update(Buffer.concat(data)).digest()
  const info = Buffer.concat([
    Buffer.from(`hawser/${given.label}/v1\0`),
    createHash('sha256').update(aad).digest(),
  ])
  const prk = hmac(given.salt, given.key)
  const first = hmac(prk, info, Buffer.from([1]))
  const okm = Buffer.concat([first, hmac(prk, first, info, Buffer.from([2]))])
  const cipher = createCipheriv('aes-256-gcm', okm.subarray(0, 32), okm.subarray(32, 44), {
    authTagLength: 16,
  })
  cipher.setAAD(Buffer.concat([header, aad]))
  const ciphertext = Buffer.concat([cipher.update(inside ?? padded), cipher.final()])
  return Buffer.concat([header, given.salt, okm.subarray(44, 76), ciphertext, cipher.getAuthTag()])
}

/** Seals the same envelope with WebCrypto. */
async function sealByWebCrypto(given: Ingredients): Promise<Buffer> {
  const { subtle } = webcrypto
  const { header, aad, padded } = described(given)
  const digest = new Uint8Array(await subtle.digest('SHA-256', aad))
  const info = Buffer.concat([Buffer.from(`hawser/${given.label}/v1\0`), digest])
  const base = await subtle.importKey('raw', given.key, 'HKDF', false, ['deriveBits'])
  const hkdf = { name: 'HKDF', hash: 'SHA-512', salt: given.salt, info }
  const okm = new Uint8Array(await subtle.deriveBits(hkdf, base, 76 * 8))
  const single = await subtle.importKey('raw', okm.slice(0, 32), 'AES-GCM', false, ['encrypt'])
  const gcm = { name: 'AES-GCM', iv: okm.slice(32, 44), additionalData: Buffer.concat([header, aad]) }
  const sealed = new Uint8Array(await subtle.encrypt({ ...gcm, tagLength: 128 }, single, padded))
  return Buffer.concat([header, given.salt, okm.slice(44), sealed])
}

const published: Ingredients = {
  key: Buffer.alloc(32, 0x11),
  term: 1,
  label: 'record',
  place: [
    'hawser/aad/v1',
    'inst_00000000',
    'connection.credentials',
    'se-1',
    'production',
    'se-12345678',
    'stamps_com',
    '1',
  ],
  plaintext: Buffer.from('{"username":"newusername","password":"supersecretpassword"}'),
  salt: Buffer.alloc(32, 0x33),
}

test('an envelope that was sealed around an impossible length is refused', () => {
  const { key, label, place } = published
  const openAround = (length: number) => {
    const inside = Buffer.alloc(64)
    inside.writeUInt32BE(length)
    return open(keyOf(key), label, place, sealByHand(published, { inside })).length
  }
  for (const length of [61, 64, 1_000, 0xffff_ffff]) assert.throws(() => openAround(length), EnvelopeError)
  assert.equal(openAround(60), 60)
})

test('the published record vector comes out byte for byte, here and by hand, and opens', () => {
  const expected =
    `010100000001${'33'.repeat(32)}0f7a45b4375ebdacc05d1d7a85278c166473ac93c3d056f541e264b76e9fa5fe` +
    'd5a2956c8289943f7a904a834b4d0471d157b196cc5c4ebc6840a6f0c3c2050b81f520b0e665e620a7a6301b25b0f8c1' +
    '53987a59caffcc78a5b9672d005e6d701ab59c460a7433b4b8057c3a58f58c11'
  const { key, term, label, place, plaintext, salt } = published
  assert.equal(sealByHand(published).toString('hex'), expected)
  assert.equal(seal(keyOf(key), plaintext, { term, label, place, salt }).toString('hex'), expected)
  assert.deepEqual(open(keyOf(key), label, place, Buffer.from(expected, 'hex')), plaintext)
  assert.equal(termOf(Buffer.from(expected, 'hex')), 1)
})

test('the frozen vector of a wrapped data key comes out byte for byte, here and by hand', () => {
  const given: Ingredients = {
    key: Buffer.alloc(32, 0x22),
    term: 0,
    label: 'term',
    place: ['hawser/term/v1', 'inst_00000000', '1'],
    plaintext: Buffer.alloc(32, 0x11),
    salt: Buffer.alloc(32, 0x44),
  }
  const expected =
    `010100000000${'44'.repeat(32)}4756ff5e18d00f25b6f3993b067931d5c249993c694c5263783514cf7b986805` +
    'fb8a9890739d3d0f4b6e51d88edbe051ab0ec01eefe5bf06dc21a84532691acd505a2ca5001d65b0b86283c1da2e35e8' +
    '219550a8071f925c489e5b643e2e6a22d68c7e88cf11f036c573c5cea985f8bf'
  assert.equal(sealByHand(given).toString('hex'), expected)
  const sealed = seal(keyOf(given.key), given.plaintext, given)
  assert.equal(sealed.toString('hex'), expected)
})

test('a second implementation on WebCrypto seals 2,000 random cases to the same bytes', async () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
  const ingredients = fc.record({
    key: bytes(32),
    term: fc.integer({ min: 0, max: 0xffff_ffff }),
    label: fc.constantFrom<KeyLabel>('record', 'term'),
    place: fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 10 }),
    plaintext: fc.uint8Array({ maxLength: 300 }),
    salt: bytes(32),
  }) as fc.Arbitrary<Ingredients>
  await fc.assert(
    fc.asyncProperty(ingredients, async (given) => {
      const sealed = seal(keyOf(given.key), given.plaintext, given)
      assert.equal(sealed.toString('hex'), (await sealByWebCrypto(given)).toString('hex'))
      assert.equal(termOf(sealed), given.term)
    }),
    { numRuns: 2_000 },
  )
})
