import assert from 'node:assert/strict'
import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { StartRefused } from '../errors.ts'
import { EnvelopeError, seal, termOf } from './envelope.ts'
import { kekId, localWrapper, type KeyWrapper } from './kek-source.ts'
import {
  checkValue,
  Keyring,
  makeTerm,
  unlockKeyring,
  type EnvelopePlace,
  type StoredTerm,
} from './keyring.ts'

const keyOf = (byte: number) => createSecretKey(Buffer.alloc(32, byte))
const wrapper = localWrapper(keyOf(7))
const stranger = localWrapper(keyOf(8))
const INSTALLATION = 'inst_00000000'
const place: EnvelopePlace = {
  purpose: 'connection.credentials',
  tenantId: 'tenant_1',
  environment: 'production',
  subject: 'se-12345678',
  carrier: 'stamps_com',
  version: 1,
}
const plaintext = Buffer.from('{"password":"supersecretpassword"}')

const makeTerms = () => Promise.all([1, 2].map((term) => makeTerm(wrapper, INSTALLATION, term)))
const unlock = (stored: StoredTerm[], { wrappers = [wrapper] }: { wrappers?: KeyWrapper[] } = {}) =>
  unlockKeyring(INSTALLATION, stored, wrappers)

/** Expects a refusal of the start that names the key that is needed and holds no key material. */
async function refusesStart(attempt: Promise<unknown>, ...needles: string[]): Promise<void> {
  await assert.rejects(attempt, (error) => {
    assert.ok(error instanceof StartRefused, `a ${String(error)} is no refusal of the start`)
    for (const needle of needles) assert.ok(error.message.includes(needle), `${needle}: ${error.message}`)
    assert.match(error.message, /Nothing was changed/)
    return true
  })
}

/** Computes HKDF-SHA-512 with an empty salt by hand, for results of at most one block. */
function hkdfByHand(byte: number, info: string, length: number): Buffer {
  const prk = createHmac('sha512', '').update(Buffer.alloc(32, byte)).digest()
  return createHmac('sha512', prk).update(`${info}\x01`).digest().subarray(0, length)
}

test('unlocking with another key is refused, and the refusal names the key that is needed and those that were given', async () => {
  const stored = await makeTerms()
  await refusesStart(unlock(stored, { wrappers: [stranger] }), kekId(keyOf(7)), kekId(keyOf(8)), 'data key 1')
  await refusesStart(unlock(stored, { wrappers: [] }), kekId(keyOf(7)))
})

test('a stored key id that names another key does not make that key open the data key', async () => {
  const stored = (await makeTerms()).map((row) => ({ ...row, kek_id: stranger.id }))
  await refusesStart(unlock(stored, { wrappers: [wrapper, stranger] }), stranger.id, 'does not open')
})

test('a wrapped data key with any bit flipped, of another term or of another installation is refused', async () => {
  const [one, two] = await makeTerms()
  assert.ok(one && two)
  for (let bit = 0; bit < one.wrapped.length * 8; bit += 7) {
    const wrapped = Buffer.from(one.wrapped)
    wrapped[bit >> 3] = (wrapped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    await refusesStart(unlock([{ ...one, wrapped }]), wrapper.id, 'does not open')
  }
  await refusesStart(unlock([{ ...one, wrapped: two.wrapped }]), wrapper.id, 'does not open')
  await refusesStart(unlock([{ ...one, wrapped: new Uint8Array(0) }]), wrapper.id, 'does not open')
  await refusesStart(unlockKeyring('inst_00000001', [one], [wrapper]), wrapper.id, 'does not open')
  await unlock([one])
})

test('a check value with any bit flipped is refused', async () => {
  const [one] = await makeTerms()
  assert.ok(one)
  for (let bit = 0; bit < 128; bit += 1) {
    const kcv = Buffer.from(one.kcv)
    kcv[bit >> 3] = (kcv[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    await refusesStart(unlock([{ ...one, kcv }]), wrapper.id, 'another data key')
  }
})

test('a check value of another length is refused like a wrong one', async () => {
  const [one] = await makeTerms()
  assert.ok(one)
  for (const length of [0, 1, 15, 17, 32]) {
    const kcv = Buffer.concat([one.kcv, Buffer.alloc(16)]).subarray(0, length)
    await refusesStart(unlock([{ ...one, kcv }]), wrapper.id, 'another data key')
  }
})

test('a key service that answers with another valid key, or with one of another length, is found out', async () => {
  const stored = await makeTerms()
  for (const length of [0, 16, 31, 32, 64]) {
    const swapping: KeyWrapper = { ...wrapper, unwrap: async () => randomBytes(length) }
    await refusesStart(unlock(stored, { wrappers: [swapping] }), wrapper.id, 'another data key')
  }
})

test('a key service that fails is refused without what it said', async () => {
  const failing: KeyWrapper = { ...wrapper, unwrap: () => Promise.reject(new Error('SECRET')) }
  const attempt = unlock(await makeTerms(), { wrappers: [failing] })
  await refusesStart(attempt, wrapper.id)
  await assert.rejects(attempt, ({ message }: Error) => !message.includes('SECRET'))
})

test('a database without an active data key is refused', async () => {
  const stored = (await makeTerms()).map((row) => ({ ...row, state: 'decrypt_only' as const }))
  await assert.rejects(unlock(stored), StartRefused)
  await assert.rejects(unlock([]), StartRefused)
})

test('an envelope opens for its own place in its own installation only', async () => {
  const [one] = await makeTerms()
  assert.ok(one)
  const ring = await unlock([one])
  const envelope = ring.seal(place, plaintext)
  const others: Partial<EnvelopePlace>[] = [
    { purpose: 'connection.settings' },
    { purpose: 'connection.token' },
    { tenantId: 'tenant_2' },
    { tenantId: '' },
    { environment: 'sandbox' },
    { subject: 'se-12345679' },
    { carrier: 'ups' },
    { version: 2 },
    { version: 0 },
    { tenantId: place.environment, environment: place.tenantId },
    { subject: `${place.subject}${place.carrier}`, carrier: '' },
  ]
  for (const other of others)
    assert.throws(() => ring.open({ ...place, ...other }, envelope), EnvelopeError, JSON.stringify(other))
  const keys = new Map([[1, keyOf(1)]])
  const here = new Keyring(INSTALLATION, 1, keys)
  const sealedHere = here.seal(place, plaintext)
  assert.throws(() => new Keyring('inst_1', 1, keys).open(place, sealedHere), EnvelopeError)
  assert.deepEqual(here.open(place, sealedHere), plaintext)
  assert.deepEqual(ring.open(place, envelope), plaintext)
})

test('bytes that are no envelope, and envelopes of an unknown data key, are refused with one error', async () => {
  const ring = await unlock(await makeTerms())
  const unknown = seal(keyOf(1), plaintext, { term: 3, label: 'record', place: [] })
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(150), randomBytes(150), unknown])
    assert.throws(() => ring.open(place, bytes), EnvelopeError)
})

test('the active data key seals, and one kept for reading still opens', async () => {
  const [one, two] = await makeTerms()
  assert.ok(one && two)
  const before = (await unlock([one])).seal(place, plaintext)
  const ring = await unlock([{ ...one, state: 'decrypt_only' }, two])
  const after = ring.seal(place, plaintext)
  assert.deepEqual([ring.activeTerm, termOf(before), termOf(after)], [2, 1, 2])
  assert.deepEqual([ring.open(place, before), ring.open(place, after)], [plaintext, plaintext])
  const relabelled = Buffer.from(before)
  relabelled.writeUInt32BE(2, 2)
  assert.throws(() => ring.open(place, relabelled), EnvelopeError)
})

test('a destroyed data key is skipped, needs no key of its own, and opens nothing any more', async () => {
  const [one, two] = await makeTerms()
  assert.ok(one && two)
  const before = (await unlock([one])).seal(place, plaintext)
  const gone: StoredTerm = { ...one, state: 'destroyed', kek_id: 'kek_lost', wrapped: Buffer.alloc(150) }
  const ring = await unlock([gone, two])
  assert.throws(() => ring.open(place, before), EnvelopeError)
  assert.deepEqual(ring.open(place, ring.seal(place, plaintext)), plaintext)
  await refusesStart(unlock([{ ...gone, state: 'decrypt_only' }, two]), 'kek_lost')
})

test('data keys under the current and under the previous key unlock together', async () => {
  const rewrapped = [await makeTerm(stranger, INSTALLATION, 1), await makeTerm(wrapper, INSTALLATION, 2)]
  const ring = await unlock(rewrapped, { wrappers: [wrapper, stranger] })
  assert.deepEqual(ring.open(place, ring.seal(place, plaintext)), plaintext)
  await refusesStart(unlock(rewrapped, { wrappers: [wrapper] }), stranger.id, 'data key 1')
})

test('a new data key is random, wrapped, and stored with the id of its key and its own check value', async () => {
  const [one, two] = await makeTerms()
  assert.ok(one && two)
  assert.deepEqual(
    { ...one, wrapped: '', kcv: '' },
    {
      term: 1,
      state: 'active',
      kek_id: kekId(keyOf(7)),
      provider: 'local',
      wrapped: '',
      kcv: '',
    },
  )
  const key = await wrapper.unwrap(one.wrapped, { installationId: INSTALLATION, term: 1 })
  assert.equal(key.length, 32)
  assert.deepEqual(checkValue(createSecretKey(key)), one.kcv)
  assert.notDeepEqual(one.kcv, two.kcv)
})

test('the check value of a key is the frozen one, computed twice', () => {
  const frozen = { 0: '5df0f51b350876b3535621a8e55ddd02', 7: 'e6189c968b566f649f6fa26d604968e6' }
  for (const [byte, expected] of Object.entries(frozen)) {
    assert.equal(checkValue(keyOf(Number(byte))).toString('hex'), expected)
    assert.equal(hkdfByHand(Number(byte), 'hawser/kcv/v1', 16).toString('hex'), expected)
  }
})
