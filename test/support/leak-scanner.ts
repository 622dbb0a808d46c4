import { randomInt } from 'node:crypto'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const WINDOW = 8
const PREFIX = 8

/** Makes up a secret that occurs nowhere by chance. */
export const newSecret = (): string =>
  Array.from({ length: 24 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')

export type Scanner = { scan: (bytes: Buffer | string) => string | undefined }

/**
 * Finds any run of 8 characters of any of the secrets, as it is or encoded: base64 at each alignment, hex, percent,
 * JSON escapes, UTF-16, reversed. Answers the encoding that was found, and never the secret.
 */
export function scannerFor(secrets: readonly string[]): Scanner {
  const needles = new Map<string, { needle: Buffer; encoding: string }[]>()
  const filter = new Uint8Array(1 << 20)
  for (const secret of secrets)
    for (let at = 0; at + WINDOW <= secret.length; at += 1)
      for (const [encoding, needle] of encodings(secret.slice(at, at + WINDOW))) {
        const prefix = needle.subarray(0, PREFIX)
        filter[bucket(prefix, 0)] = 1
        const key = prefix.toString('latin1')
        needles.set(key, [...(needles.get(key) ?? []), { needle, encoding }])
      }
  return {
    scan: (input) => {
      const bytes = typeof input === 'string' ? Buffer.from(input, 'utf8') : input
      for (let at = 0; at + PREFIX <= bytes.length; at += 1) {
        if (filter[bucket(bytes, at)] !== 1) continue
        for (const { needle, encoding } of needles.get(bytes.toString('latin1', at, at + PREFIX)) ?? [])
          if (bytes.compare(needle, 0, needle.length, at, Math.min(at + needle.length, bytes.length)) === 0)
            return `${encoding} at byte ${at}`
      }
      return undefined
    },
  }
}

const bucket = (bytes: Buffer, at: number) => Math.imul(bytes.readInt32BE(at), 0x9e3779b1) >>> 12

/** Lists how a run of characters may stand in bytes; of base64 it gives the part that does not depend on what surrounds it. */
function encodings(text: string): [encoding: string, needle: Buffer][] {
  const bytes = Buffer.from(text, 'latin1')
  const base64 = [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const start = Math.ceil((shift * 8) / 6)
    return [`base64 (${shift})`, Buffer.from(whole.slice(start, Math.floor(((shift + WINDOW) * 8) / 6)))] as [
      string,
      Buffer,
    ]
  })
  const each = (encode: (code: string) => string) =>
    Buffer.from([...bytes].map((byte) => encode(byte.toString(16).padStart(2, '0'))).join(''))
  return [
    ['as it is', bytes],
    ['reversed', Buffer.from(bytes).reverse()],
    ['hex', each((code) => code)],
    ['HEX', each((code) => code.toUpperCase())],
    ['percent', each((code) => `%${code}`)],
    ['JSON escapes', each((code) => `\\u00${code}`)],
    ['UTF-16', Buffer.from(text, 'utf16le')],
    ...base64,
  ]
}
