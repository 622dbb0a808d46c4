import { createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto'
import { closeSync, constants, existsSync, fstatSync, fsyncSync, linkSync, lstatSync } from 'node:fs'
import { mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { StartRefused } from '../errors.ts'
import type { Secret } from '../secret.ts'
import { open, seal } from './envelope.ts'

/** What a data key is bound to while it is wrapped. */
export type WrapContext = { installationId: string; term: number }

/** Wraps and unwraps data keys; `id` names the key-encryption key without revealing it. */
export type KeyWrapper = {
  id: string
  provider: 'local' | 'command'
  wrap(key: Uint8Array, context: WrapContext): Promise<Uint8Array>
  unwrap(wrapped: Uint8Array, context: WrapContext): Promise<Uint8Array>
}

const PREFIX = 'hwk1:'

/** A wrapper over a key-encryption key that this process holds itself. */
export function localWrapper(kek: KeyObject): KeyWrapper {
  const place = ({ installationId, term }: WrapContext) => ['hawser/term/v1', installationId, `${term}`]
  return {
    id: kekId(kek),
    provider: 'local',
    wrap: async (key, context) => seal(kek, 0, 'term', place(context), key),
    unwrap: async (wrapped, context) => open(kek, 'term', place(context), wrapped),
  }
}

/** `kek_` and 16 letters derived from the key itself, so that id and key cannot disagree. */
export function kekId(kek: KeyObject): string {
  return `kek_${base32(Buffer.from(hkdfSync('sha512', kek, '', 'hawser/kek-id/v1', 10)))}`
}

function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{5}/g) ?? [])
    .map((five) => 'abcdefghijklmnopqrstuvwxyz234567'[parseInt(five, 2)])
    .join('')
}

/** The one line that a key file holds: prefix, 32 bytes in base64url, and a CRC-32 that finds typing errors. */
export function formatKek(bytes: Uint8Array): string {
  const body = PREFIX + Buffer.from(bytes).toString('base64url')
  return `${body}:${crc32(body).toString(16).padStart(8, '0')}`
}

/** Reads that line; throws `StartRefused` that says what is wrong, never what it read. `origin` names where the text came from. */
export function parseKek(line: string, origin: string): KeyObject {
  const [, body, checksum] = /^(hwk1:[A-Za-z0-9_-]{43}):([0-9a-f]{8})\s*$/.exec(line) ?? []
  if (!body || !checksum)
    throw new StartRefused(
      `${origin} holds no key: one line "${PREFIX}<32 bytes in base64url>:<CRC-32>" is expected.`,
    )
  if (crc32(body) !== parseInt(checksum, 16))
    throw new StartRefused(`${origin} holds a damaged key: its checksum does not fit.`)
  const bytes = Buffer.from(body.slice(PREFIX.length), 'base64url')
  if (formatKek(bytes) !== `${body}:${checksum}`)
    throw new StartRefused(`${origin} holds a damaged key: its last character stands for no byte.`)
  return createSecretKey(bytes)
}

/** The key in the environment's value. */
export function readKekValue(value: Secret<string>): KeyObject {
  return parseKek(value.reveal(), 'HAWSER_KEK')
}

/** The key in `path`; throws `StartRefused` when it is missing, or when anyone but its owner could read it (unless `mounted`). */
export function readKekFile(path: string, mounted: boolean): KeyObject {
  const refuse = (why: string, cause?: unknown): never => {
    throw new StartRefused(`The key file ${path} ${why}.`, { cause })
  }
  let handle: number
  try {
    if (!mounted && lstatSync(path).isSymbolicLink()) refuse('is a symbolic link')
    // Without waiting: a named pipe would hold the start for ever.
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (error instanceof StartRefused) throw error
    return refuse((error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is missing' : 'cannot be read', error)
  }
  try {
    const file = fstatSync(handle)
    if (!file.isFile()) refuse('is not a regular file')
    if (!mounted && process.platform !== 'win32') {
      if ((file.mode & 0o077) !== 0) refuse('can be read by others: its mode must be 0600 or 0400')
      if (file.uid !== process.getuid?.()) refuse('belongs to another user')
    }
    if (file.size > 1024) refuse('holds no key: it is too large')
    return parseKek(readFileSync(handle, 'utf8'), `The key file ${path}`)
  } finally {
    closeSync(handle)
  }
}

const LEFTOVER = /^\.kek-\d+-[0-9a-f]{8}$/

/** Makes a key file (mode 0600, its directory 0700), durable before it returns; `undefined` when one is there already, which stays. */
export function createKekFile(path: string): KeyObject | undefined {
  const directory = dirname(path)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const bytes = randomBytes(32)
  const temporary = join(directory, `.kek-${process.pid}-${randomBytes(4).toString('hex')}`)
  try {
    writeDurably(temporary, `${formatKek(bytes)}\n`)
    // A link, not a rename: it never replaces a key that another process has made meanwhile.
    linkSync(temporary, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Whoever finds a key sweeps what others were about to make of theirs.
    if (code === 'EEXIST' || (code === 'ENOENT' && existsSync(path))) return undefined
    throw new StartRefused(`The key file ${path} cannot be made (${code}).`, { cause: error })
  } finally {
    rmSync(temporary, { force: true })
  }
  syncDirectory(directory)
  const kek = createSecretKey(bytes)
  bytes.fill(0)
  return kek
}

/** Removes keys that starts had not put into their place when they died; only once the key file itself is there, where nobody needs them. */
export function sweepKekLeftovers(path: string): void {
  try {
    for (const name of readdirSync(dirname(path)))
      if (LEFTOVER.test(name)) rmSync(join(dirname(path), name), { force: true })
  } catch {
    // A directory that cannot be written to is none that a start has made.
  }
}

function writeDurably(path: string, text: string): void {
  const handle = openSync(path, 'wx', 0o600)
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(directory, constants.O_RDONLY)
  fsyncSync(handle)
  closeSync(handle)
}
