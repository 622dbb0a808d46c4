import { hash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Environment } from '../../store/schema/tables.ts'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ID = 12
const SECRET = 43
const CHECKSUM = 6
const FORM = new RegExp(
  `^((TEST_)?hws_([0-9A-Za-z]{${ID}})_([0-9A-Za-z]{${SECRET}}))_([0-9A-Za-z]{${CHECKSUM}})$`,
)

export type ParsedApiKey = { keyId: string; environment: Environment; secretHash: Buffer }

/** Makes a new API key with the text `[TEST_]hws_<id>_<secret>_<checksum>`, where `TEST_` marks the sandbox; the text is stored nowhere. */
export function makeApiKey(environment: Environment): ParsedApiKey & { text: string } {
  const keyId = randomText(ID)
  const secret = randomText(SECRET)
  const body = `${environment === 'sandbox' ? 'TEST_' : ''}hws_${keyId}_${secret}`
  return { keyId, environment, secretHash: hashSecret(secret), text: `${body}_${checksum(body)}` }
}

/** Reads the text of an API key, or returns `undefined` where its form or checksum is wrong; the caller still has to compare the secret. */
export function parseApiKey(text: string): ParsedApiKey | undefined {
  const [, body, sandbox, keyId, secret, given] = FORM.exec(text) ?? []
  if (!body || !keyId || !secret || checksum(body) !== given) return undefined
  return { keyId, environment: sandbox ? 'sandbox' : 'production', secretHash: hashSecret(secret) }
}

const NOBODY = randomBytes(32)

/** Compares two hashes of secrets in constant time, also where there is no stored one. */
export function isSameSecret(presented: Buffer, stored: Uint8Array | undefined): boolean {
  const known = stored?.length === presented.length ? stored : undefined
  return timingSafeEqual(presented, known ?? NOBODY) && known !== undefined
}

// The secret has 256 random bits, so nobody can find it by trying inputs of a plain hash.
const hashSecret = (secret: string): Buffer => hash('sha256', `hawser/apikey/v1\0${secret}`, 'buffer')

function randomText(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
}

function checksum(body: string): string {
  let rest = crc32(body)
  let text = ''
  for (let place = 0; place < CHECKSUM; place += 1) {
    text = `${ALPHABET[rest % ALPHABET.length]}${text}`
    rest = Math.floor(rest / ALPHABET.length)
  }
  return text
}
