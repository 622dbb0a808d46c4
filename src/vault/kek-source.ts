import { createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto'
import { closeSync, constants, existsSync, fstatSync, fsyncSync, linkSync, lstatSync } from 'node:fs'
import { mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { StartRefused } from '../errors.ts'
import type { Secret } from '../secret.ts'
import { open, seal } from './envelope.ts'

/** A wrap context names the installation and the term that a wrapped data key is bound to. */
export type WrapContext = { installationId: string; term: number }

/** A key wrapper wraps and unwraps data keys; `id` names its key-encryption key without revealing the key. */
export type KeyWrapper = {
  id: string
  provider: 'local' | 'command'
  wrap(key: Uint8Array, context: WrapContext): Promise<Uint8Array>
  unwrap(wrapped: Uint8Array, context: WrapContext): Promise<Uint8Array>
}

const PREFIX = 'hwk1:'

/** Makes a wrapper for a key-encryption key that this process holds itself. */
export function localWrapper(kek: KeyObject): KeyWrapper {
  const place = ({ installationId, term }: WrapContext) => ['hawser/term/v1', installationId, `${term}`]
  return {
    id: kekId(kek),
    provider: 'local',
    wrap: async (key, context) => seal(kek, key, { term: 0, label: 'term', place: place(context) }),
    unwrap: async (wrapped, context) => open(kek, 'term', place(context), wrapped),
  }
}

/** Returns the id of a key-encryption key: `kek_` and 16 letters that are derived from the key itself, so that the id always fits the key. */
export function kekId(kek: KeyObject): string {
  return `kek_${base32(Buffer.from(hkdfSync('sha512', kek, '', 'hawser/kek-id/v1', 10)))}`
}

function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{5}/g) ?? [])
    .map((five) => 'abcdefghijklmnopqrstuvwxyz234567'[parseInt(five, 2)])
    .join('')
}

/** Writes the line that a key file holds: a prefix, 32 bytes in base64url, and a CRC-32 that reveals typing errors. */
export function formatKek(bytes: Uint8Array): string {
  const body = PREFIX + Buffer.from(bytes).toString('base64url')
  return `${body}:${crc32(body).toString(16).padStart(8, '0')}`
}

/** Reads the line of a key file; throws a `StartRefused` that says what is wrong and never repeats the line. `origin` says in the refusal where the text came from. */
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

/** Reads the key-encryption key from the value of `HAWSER_KEK`. */
export function readKekValue(value: Secret<string>): KeyObject {
  return parseKek(value.reveal(), 'HAWSER_KEK')
}

/** Reads the key-encryption key from the file at `path`; throws `StartRefused` where the file is missing or, unless it is `mounted`, where anyone but its owner could read it. */
export function readKekFile(path: string, { mounted }: { mounted: boolean }): KeyObject {
  const refuse = (why: string, { cause }: { cause?: unknown } = {}): never => {
    throw new StartRefused(`The key file ${path} ${why}.`, { cause })
  }
  let handle: number
  try {
    if (!mounted && lstatSync(path).isSymbolicLink()) refuse('is a symbolic link')
    // The file is opened without waiting, because a named pipe would block the start for ever.
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (error instanceof StartRefused) throw error
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return refuse(isMissing ? 'is missing' : 'cannot be read', { cause: error })
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

/** Makes a key file with mode 0600 in a directory with mode 0700, and returns the key once the file is safely on the disk; returns `undefined` and changes nothing where a key file exists already. */
export function createKekFile(path: string): KeyObject | undefined {
  const directory = dirname(path)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const bytes = randomBytes(32)
  const temporary = join(directory, `.kek-${process.pid}-${randomBytes(4).toString('hex')}`)
  try {
    writeDurably(temporary, `${formatKek(bytes)}\n`)
    // A link, unlike a rename, never replaces a key that another process has made meanwhile.
    linkSync(temporary, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Another process that finds the key file removes the temporary files of others, so this one may be gone.
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

/** Removes the temporary key files of starts that died; call this only where the key file itself exists, because then nobody needs the temporary files. */
export function sweepKekLeftovers(path: string): void {
  try {
    for (const name of readdirSync(dirname(path)))
      if (LEFTOVER.test(name)) rmSync(join(dirname(path), name), { force: true })
  } catch {
    // A start has left nothing in a directory that it cannot write to.
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
