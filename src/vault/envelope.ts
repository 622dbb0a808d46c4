import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  randomFillSync,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto'

const VERSION = 1
const SUITE = 1
const SALT = 32
const COMMITMENT = 32
const TAG = 16
const HEADER = 6
const BODY = HEADER + SALT + COMMITMENT
const BLOCK = 64

/** A key label says what an envelope holds: `record` is a value sealed under a data key (a term), and `term` is a data key sealed under the key-encryption key. */
export type KeyLabel = 'record' | 'term'

/** An `EnvelopeError` is the only error of opening an envelope, for a wrong key, a wrong place and altered bytes alike. */
export class EnvelopeError extends Error {
  constructor() {
    super('The envelope does not open here.')
    this.name = 'EnvelopeError'
  }
}

/** Joins parts so that no two different lists give the same bytes: each part is preceded by its length (u32, big-endian). */
export function lengthPrefixed(parts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
}

type SealOptions = { term: number; label: KeyLabel; place: readonly string[]; salt?: Uint8Array }

/**
 * Seals `plaintext` under `key` for the place that `place` names; the envelope opens nowhere else.
 * Every envelope has its own key and nonce, which are derived from a random 32-byte salt (HKDF-SHA-512, then AES-256-GCM).
 * Throws `RangeError` for a `salt` of another length.
 */
export function seal(
  key: KeyObject,
  plaintext: Uint8Array,
  { term, label, place, salt = randomFillSync(Buffer.alloc(SALT)) }: SealOptions,
): Buffer {
  if (salt.length !== SALT) throw new RangeError('A salt has 32 bytes.')
  const header = Buffer.alloc(HEADER)
  header.writeUInt8(VERSION, 0)
  header.writeUInt8(SUITE, 1)
  header.writeUInt32BE(term, 2)
  const aad = lengthPrefixed(place)
  const derived = derive(key, salt, label, aad)
  const cipher = createCipheriv('aes-256-gcm', derived.key, derived.nonce, { authTagLength: TAG })
  cipher.setAAD(Buffer.concat([header, aad]))
  const ciphertext = Buffer.concat([cipher.update(pad(plaintext)), cipher.final()])
  return Buffer.concat([header, salt, derived.commitment, ciphertext, cipher.getAuthTag()])
}

/** Opens an envelope that `seal` made for the same key, label and place, and returns the plaintext; throws `EnvelopeError` for any other bytes. */
export function open(
  key: KeyObject,
  label: KeyLabel,
  place: readonly string[],
  envelope: Uint8Array,
): Buffer {
  termOf(envelope)
  const bytes = Buffer.from(envelope.buffer, envelope.byteOffset, envelope.byteLength)
  const aad = lengthPrefixed(place)
  const derived = derive(key, bytes.subarray(HEADER, HEADER + SALT), label, aad)
  if (!timingSafeEqual(derived.commitment, bytes.subarray(HEADER + SALT, BODY))) throw new EnvelopeError()
  const decipher = createDecipheriv('aes-256-gcm', derived.key, derived.nonce, { authTagLength: TAG })
  decipher.setAAD(Buffer.concat([bytes.subarray(0, HEADER), aad]))
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG))
  const padded = decipher.update(bytes.subarray(BODY, bytes.length - TAG))
  try {
    decipher.final()
  } catch {
    throw new EnvelopeError()
  }
  return unpad(padded)
}

/** Returns the term that an envelope was sealed under; throws `EnvelopeError` where the bytes are not an envelope of a known version. */
export function termOf(envelope: Uint8Array): number {
  const whole = envelope.length >= BODY + BLOCK + TAG && (envelope.length - BODY - TAG) % BLOCK === 0
  if (!whole || envelope[0] !== VERSION || envelope[1] !== SUITE) throw new EnvelopeError()
  return Buffer.from(envelope.buffer, envelope.byteOffset, HEADER).readUInt32BE(2)
}

function derive(key: KeyObject, salt: Uint8Array, label: KeyLabel, aad: Buffer) {
  const info = Buffer.concat([
    Buffer.from(`hawser/${label}/v1\0`, 'utf8'),
    createHash('sha256').update(aad).digest(),
  ])
  const okm = Buffer.from(hkdfSync('sha512', key, salt, info, 32 + 12 + COMMITMENT))
  const derived = {
    key: createSecretKey(okm.subarray(0, 32)),
    nonce: Buffer.from(okm.subarray(32, 44)),
    commitment: Buffer.from(okm.subarray(44)),
  }
  okm.fill(0)
  return derived
}

function pad(plaintext: Uint8Array): Buffer {
  const padded = Buffer.alloc(Math.ceil((4 + plaintext.length) / BLOCK) * BLOCK)
  padded.writeUInt32BE(plaintext.length)
  padded.set(plaintext, 4)
  return padded
}

function unpad(padded: Buffer): Buffer {
  const length = padded.readUInt32BE(0)
  if (length > padded.length - 4) throw new EnvelopeError()
  return padded.subarray(4, 4 + length)
}
