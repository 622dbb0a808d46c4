import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHmac, createSecretKey } from 'node:crypto'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs'
import { rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { crc32 } from 'node:zlib'
import { StartRefused } from '../errors.ts'
import { Secret } from '../secret.ts'
import { EnvelopeError } from './envelope.ts'
import { createKekFile, formatKek, kekId, localWrapper } from './kek-source.ts'
import { parseKek, readKekFile, readKekValue } from './kek-source.ts'

const home = mkdtempSync(join(tmpdir(), 'hawser-kek-'))
after(() => rmSync(home, { recursive: true, force: true }))
const onUnix = { skip: process.platform === 'win32' && 'Windows has no such modes.' }
const asRoot = { skip: process.getuid?.() !== 0 && 'Only root can give a file away.' }

let made = 0
/** Returns a new path in a new directory. */
function freshPath(): string {
  const directory = join(home, `${(made += 1)}`)
  mkdirSync(directory)
  return join(directory, 'kek')
}

function fileWith(content: string, { mode = 0o600 } = {}): string {
  const path = freshPath()
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => 100 + 3 * index))
const base64 = bytes.toString('base64url')
const line = formatKek(bytes)
const summed = (body: string) => `${body}:${crc32(body).toString(16).padStart(8, '0')}`

/** Expects a `StartRefused` whose text names `origin` and repeats no six characters of `content`. */
function refuses(
  attempt: () => unknown,
  { origin, content, why }: { origin: string; content: string; why?: RegExp },
): void {
  assert.throws(attempt, (error) => {
    assert.ok(error instanceof StartRefused, `a ${String(error)} is no refusal of the start`)
    assert.ok(error.message.includes(origin))
    if (why) assert.match(error.message, why)
    const told = error.message.replaceAll(origin, '')
    for (let at = 0; at + 6 <= content.length; at += 1) {
      const piece = content.slice(at, at + 6)
      assert.ok(piece.startsWith('hwk1:') || !told.includes(piece), `repeats ${piece}`)
    }
    return true
  })
}

const standard = Buffer.alloc(32, 0xfb).toString('base64')
const malformed: Record<string, string> = {
  nothing: '',
  'white space only': ' \n\n',
  'the prefix only': 'hwk1:',
  'no prefix': summed(base64),
  'another prefix': summed(`hwk2:${base64}`),
  'a prefix in capitals': summed(`HWK1:${base64}`),
  '31 bytes': summed(`hwk1:${bytes.subarray(1).toString('base64url')}`),
  '33 bytes': summed(`hwk1:${Buffer.concat([bytes, Buffer.alloc(1)]).toString('base64url')}`),
  'no bytes': summed('hwk1:'),
  hexadecimal: summed(`hwk1:${bytes.toString('hex')}`),
  'bare hexadecimal': bytes.toString('hex'),
  'standard base64': summed(`hwk1:${standard.slice(0, 43)}`),
  padding: summed(`hwk1:${base64}=`),
  'a missing checksum': `hwk1:${base64}`,
  'an empty checksum': `hwk1:${base64}:`,
  'a checksum of seven digits': line.slice(0, -1),
  'a checksum of nine digits': `${line}0`,
  'a checksum in capitals': line.replace(/[0-9a-f]{8}$/, (sum) => sum.toUpperCase()),
  'a wrong checksum': `hwk1:${base64}:00000000`,
  'a byte order mark': `\ufeff${line}`,
  'leading white space': ` ${line}`,
  'a line before it': `# my key\n${line}`,
  'a line after it': `${line}\n# my key`,
  'two keys': `${line}\n${line}\n`,
  'a NUL behind it': `${line}\0`,
  'white space inside': line.replace(':', ': '),
}
for (const [what, text] of Object.entries(malformed)) {
  test(`a line with ${what} is no key, and the refusal repeats nothing of it`, () => {
    refuses(() => parseKek(text, 'The origin'), { origin: 'The origin', content: text })
    refuses(() => readKekValue(new Secret(text)), { origin: 'HAWSER_KEK', content: text })
    const path = fileWith(text)
    refuses(() => readKekFile(path, { mounted: false }), { origin: path, content: text })
  })
}

test('a last character that carries bits of no byte is refused, even with a checksum that fits', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = base64.at(-1) ?? ''
  for (const bits of [1, 2, 3]) {
    const other = alphabet[alphabet.indexOf(last) + bits] ?? ''
    const text = summed(`hwk1:${base64.slice(0, -1)}${other}`)
    assert.deepEqual(
      Buffer.from(text.slice(5, 48), 'base64url'),
      bytes,
      'the control: it decodes to the same key',
    )
    refuses(() => parseKek(text, 'The origin'), {
      origin: 'The origin',
      content: text,
      why: /last character/,
    })
  }
})

test('a key whose checksum does not fit is called damaged, and one without its form is called none', () => {
  const damaged = `hwk1:${base64}:00000000`
  refuses(() => parseKek(damaged, 'The origin'), {
    origin: 'The origin',
    content: damaged,
    why: /damaged key: its checksum/,
  })
  refuses(() => parseKek(base64, 'The origin'), {
    origin: 'The origin',
    content: base64,
    why: /holds no key/,
  })
})

test('any single character that is changed, left out or doubled is found', () => {
  for (let at = 0; at < line.length; at += 1) {
    for (const other of ['A', 'b', '0', '7', '-', ':', ' ']) {
      if (line[at] === other) continue
      const text = `${line.slice(0, at)}${other}${line.slice(at + 1)}`
      refuses(() => parseKek(text, 'The origin'), { origin: 'The origin', content: text })
    }
    const shorter = line.slice(0, at) + line.slice(at + 1)
    refuses(() => parseKek(shorter, 'The origin'), { origin: 'The origin', content: shorter })
    const longer = line.slice(0, at) + line.slice(at)[0] + line.slice(at)
    refuses(() => parseKek(longer, 'The origin'), { origin: 'The origin', content: longer })
  }
})

test('a key file that is missing, a directory or too large is refused, mounted or not', () => {
  const missing = freshPath()
  const large = fileWith(`${line}${' '.repeat(1_100)}`)
  for (const mounted of [false, true]) {
    refuses(() => readKekFile(missing, { mounted }), { origin: missing, content: '', why: /is missing/ })
    refuses(() => readKekFile(dirname(missing), { mounted }), {
      origin: dirname(missing),
      content: '',
      why: /not a regular file/,
    })
    refuses(() => readKekFile(large, { mounted }), { origin: large, content: line, why: /too large/ })
  }
})

test('a key file that others can read is refused unless a mount provides it', onUnix, () => {
  for (const mode of [0o640, 0o604, 0o660, 0o644, 0o610, 0o601, 0o602, 0o777]) {
    const path = fileWith(line, { mode })
    refuses(() => readKekFile(path, { mounted: false }), { origin: path, content: line, why: /0600 or 0400/ })
    assert.deepEqual(readKekFile(path, { mounted: true }).export(), bytes)
  }
  for (const mode of [0o600, 0o400])
    assert.deepEqual(readKekFile(fileWith(line, { mode }), { mounted: false }).export(), bytes)
})

test('a key file behind a symbolic link is refused unless a mount provides it', onUnix, () => {
  const path = freshPath()
  symlinkSync(fileWith(line), path)
  refuses(() => readKekFile(path, { mounted: false }), { origin: path, content: line, why: /symbolic link/ })
  assert.deepEqual(readKekFile(path, { mounted: true }).export(), bytes)
  const dangling = freshPath()
  symlinkSync(join(home, 'nowhere'), dangling)
  refuses(() => readKekFile(dangling, { mounted: false }), {
    origin: dangling,
    content: '',
    why: /symbolic link/,
  })
  refuses(() => readKekFile(dangling, { mounted: true }), {
    origin: dangling,
    content: '',
    why: /is missing/,
  })
})

test('a key file of another user is refused unless a mount provides it', asRoot, () => {
  const path = fileWith(line)
  chownSync(path, 65534, 65534)
  refuses(() => readKekFile(path, { mounted: false }), { origin: path, content: line, why: /another user/ })
  assert.deepEqual(readKekFile(path, { mounted: true }).export(), bytes)
})

test('a pipe in place of the key file is refused at once instead of being waited for', onUnix, () => {
  const path = freshPath()
  assert.equal(spawnSync('mkfifo', ['-m', '600', path]).status, 0)
  const source = new URL('./kek-source.ts', import.meta.url).href
  const script = `import { readKekFile } from '${source}'; readKekFile(${JSON.stringify(path)}, { mounted: false })`
  const words = ['--input-type=module', '-e', script]
  const run = spawnSync(process.execPath, words, { timeout: 5_000, encoding: 'utf8' })
  assert.equal(run.signal, null, 'reading the pipe never came back')
  assert.match(run.stderr, /StartRefused: .* is not a regular file/)
})

test('a new key file never replaces what stands there, and a refused one leaves nothing behind', () => {
  for (const occupy of [
    (path: string) => writeFileSync(path, 'precious'),
    (path: string) => mkdirSync(path),
    (path: string) => symlinkSync(join(home, 'nowhere'), path),
  ]) {
    const path = freshPath()
    occupy(path)
    assert.equal(createKekFile(path), undefined)
    assert.deepEqual(readdirSync(dirname(path)), ['kek'])
  }
  const path = freshPath()
  const first = createKekFile(path)
  assert.equal(createKekFile(path), undefined)
  assert.deepEqual(readKekFile(path, { mounted: false }).export(), first?.export())
})

test(
  'a new key file holds one line that reads back, alone in a directory that is closed to others',
  onUnix,
  () => {
    const path = join(home, 'new', 'deeper', 'kek')
    const mask = process.umask(0)
    try {
      const key = createKekFile(path) ?? assert.fail()
      assert.deepEqual(readKekFile(path, { mounted: false }).export(), key.export())
      assert.equal(readFileSync(path, 'utf8'), `${formatKek(key.export())}\n`)
    } finally {
      process.umask(mask)
    }
    assert.deepEqual(readdirSync(dirname(path)), ['kek'])
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.equal(statSync(path).nlink, 1)
    for (const directory of [dirname(path), dirname(dirname(path))])
      assert.equal(statSync(directory).mode & 0o777, 0o700)
    const other = createKekFile(join(home, 'other', 'kek'))
    assert.notDeepEqual(other?.export(), readKekFile(path, { mounted: false }).export(), 'two keys are two')
  },
)

test('the line of a key, and the id that it gives, are the frozen ones, computed twice', () => {
  const seven = Buffer.alloc(32, 7)
  const text = 'hwk1:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc:db43f9c9'
  assert.equal(formatKek(seven), text)
  for (const ending of ['', '\n', '\r\n', ' \n'])
    assert.deepEqual(parseKek(`${text}${ending}`, 'The origin').export(), seven)
  const frozen = { 0: 'kek_57jzjx34m7rjnd7w', 7: 'kek_fmh3ihmer5lcxaok', 34: 'kek_wqojimvmgj63x5uj' }
  for (const [byte, expected] of Object.entries(frozen)) {
    const kek = Buffer.alloc(32, Number(byte))
    assert.equal(kekId(createSecretKey(kek)), expected)
    const prk = createHmac('sha512', '').update(kek).digest()
    const ten = createHmac('sha512', prk).update('hawser/kek-id/v1\x01').digest().subarray(0, 10)
    let rest = BigInt(`0x${ten.toString('hex')}`)
    let letters = ''
    for (let count = 0; count < 16; count += 1, rest >>= 5n)
      letters = `${'abcdefghijklmnopqrstuvwxyz234567'[Number(rest & 31n)]}${letters}`
    assert.equal(`kek_${letters}`, expected)
  }
})

test('a wrapped key unwraps for its own installation and term only', async () => {
  const wrapper = localWrapper(createSecretKey(bytes))
  const context = { installationId: 'inst_0', term: 1 }
  const wrapped = await wrapper.wrap(Buffer.alloc(32, 9), context)
  for (const other of [{ installationId: 'inst_1' }, { term: 2 }, { installationId: 'inst_01', term: 1 }])
    await assert.rejects(wrapper.unwrap(wrapped, { ...context, ...other }), EnvelopeError)
  assert.deepEqual(await wrapper.unwrap(wrapped, context), Buffer.alloc(32, 9))
})
