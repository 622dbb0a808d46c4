import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { AuditEvent } from '../store/schema/tables.ts'
import { findBreak, GENESIS, hashEvent } from './chain.ts'

const START = { seq: 0, hash: GENESIS }
const LENGTH = 2_000

/** Returns event number `seq` of the chain without its links; each nullable column is set in some events and `null` in others. */
const bare = (seq: number): Omit<AuditEvent, 'hash' | 'prev_hash'> => ({
  tenant_id: 'tenant_1',
  seq,
  at: new Date(Date.UTC(2026, 0, 1) + seq * 1_000).toISOString(),
  environment: seq % 3 === 0 ? null : 'production',
  actor: `key:${seq % 7}`,
  action: 'connection.updated',
  carrier_id: seq % 5 === 0 ? null : `se-${seq}`,
  subject: seq % 4 === 0 ? 'a key' : null,
  fields: '["password"]',
  version: seq % 5 === 0 ? null : seq % 6,
  outcome: 'succeeded',
  request_id: seq % 9 === 0 ? null : `00000000-0000-4000-8000-${`${seq}`.padStart(12, '0')}`,
  ip: seq % 2 === 0 ? null : '127.0.0.1',
  envelope_hash: seq % 5 === 0 ? null : Buffer.alloc(32, seq % 256),
  // One chain holds events that say what they changed, and events that do not.
  changes_hash: seq % 3 === 0 ? null : Buffer.alloc(32, seq % 251),
})

function link(event: ReturnType<typeof bare>, prev_hash: Uint8Array): AuditEvent {
  return { ...event, prev_hash, hash: hashEvent({ ...event, prev_hash }) }
}

const chain: AuditEvent[] = []
for (let seq = 1; seq <= LENGTH; seq += 1) chain.push(link(bare(seq), chain.at(-1)?.hash ?? GENESIS))

/** Returns every single edit of a column: another value, an absent one in place of an empty one, and an empty one in place of an absent one. */
function editsOf(event: AuditEvent): Partial<AuditEvent>[] {
  const column = (name: keyof AuditEvent, ...values: unknown[]) => values.map((value) => ({ [name]: value }))
  const text = (name: keyof AuditEvent, value: string | null) =>
    column(name, ...(value === null ? ['', 'null', '-', '0'] : [null, '', `${value} `, value.slice(1)]))
  const bytes = (name: keyof AuditEvent, value: Uint8Array | null) =>
    value === null
      ? column(name, Buffer.alloc(0), Buffer.alloc(32))
      : column(
          name,
          null,
          Buffer.alloc(0),
          value.subarray(1),
          value.map((byte, at) => (at === 31 ? byte ^ 1 : byte)),
        )
  return [
    ...text('tenant_id', event.tenant_id),
    ...column('seq', event.seq + 1, event.seq - 1, 0),
    ...text('at', event.at),
    ...text('environment', event.environment),
    ...text('actor', event.actor),
    ...text('action', event.action),
    ...text('carrier_id', event.carrier_id),
    ...text('subject', event.subject),
    ...text('fields', event.fields),
    ...column('version', ...(event.version === null ? [0, 1] : [null, event.version + 1])),
    ...text('outcome', event.outcome),
    ...text('request_id', event.request_id),
    ...text('ip', event.ip),
    ...bytes('envelope_hash', event.envelope_hash),
    ...bytes('changes_hash', event.changes_hash),
    ...bytes('prev_hash', event.prev_hash).slice(1),
    ...bytes('hash', event.hash).slice(1),
  ] as Partial<AuditEvent>[]
}

test('any edit of any column of any event is found at that event', () => {
  const columns = new Set<string>()
  for (const [index, event] of chain.entries()) {
    const before = chain[index - 1] ?? START
    for (const [number, edit] of editsOf(event).entries()) {
      // Each event gets a thirteenth of the edits, so that thirteen events together get all of them.
      if ((index + number) % 13 > 0) continue
      const [column = ''] = Object.keys(edit)
      columns.add(column)
      const altered = { ...event, ...edit }
      const found = findBreak(before, [altered, ...chain.slice(index + 1, index + 2)])
      assert.equal(found, altered.seq, `${column} of ${event.seq}`)
    }
  }
  assert.deepEqual([...columns].sort(), Object.keys(chain[0] ?? {}).sort(), 'every column was edited')
})

test('an edit, a deletion, an insertion and a swap are found in the whole chain at the first event that does not fit', () => {
  for (const index of [1, 999, LENGTH - 2]) {
    const [event, next] = chain.slice(index, index + 2)
    assert.ok(event && next)
    assert.equal(findBreak(START, chain.with(index, { ...event, actor: 'nobody' })), event.seq)
    assert.equal(findBreak(START, chain.toSpliced(index, 1)), next.seq, 'deleted')
    assert.equal(findBreak(START, chain.toSpliced(index, 2, next, event)), next.seq, 'swapped')
    assert.equal(findBreak(START, chain.toSpliced(index, 0, event)), event.seq, 'doubled')
    const added = link({ ...bare(event.seq), actor: 'added' }, event.prev_hash)
    assert.equal(findBreak(START, chain.toSpliced(index, 0, added)), event.seq, 'inserted, well linked')
    assert.equal(findBreak(START, chain.with(index, added)), next.seq, 'replaced and linked anew')
  }
  assert.equal(findBreak(START, chain.slice(1)), 2, 'the first one deleted')
})

test('a text that moves from one column into the next is found', () => {
  const event = { ...bare(1), actor: 'ab', action: 'c' }
  const { hash } = link(event, GENESIS)
  for (const moved of [
    { actor: 'a', action: 'bc' },
    { actor: 'abc', action: '' },
    { actor: 'c', action: 'ab' },
  ])
    assert.equal(findBreak(START, [{ ...link({ ...event, ...moved }, GENESIS), hash }]), 1)
  const one = { ...bare(1), carrier_id: 'x', subject: null }
  assert.notDeepEqual(link(one, GENESIS).hash, link({ ...one, carrier_id: null, subject: 'x' }, GENESIS).hash)
})

test('an event that says what it changed is none that does not, whatever its last columns say', () => {
  const { envelope_hash: _, ...rest } = bare(1)
  const silent = { ...rest, envelope_hash: Buffer.alloc(32, 9), changes_hash: null }
  const telling = { ...rest, envelope_hash: null, changes_hash: Buffer.alloc(32, 9) }
  const { hash } = link(silent, GENESIS)
  for (const other of [telling, { ...silent, changes_hash: Buffer.alloc(0) }])
    assert.equal(findBreak(START, [{ ...link(other, GENESIS), hash }]), 1)
})

test('an event of another chain does not fit, and a chain does not fit behind another start', () => {
  const foreign = link({ ...bare(1_001), tenant_id: 'tenant_2' }, Buffer.alloc(32, 1))
  assert.equal(findBreak(START, chain.with(1_000, foreign)), 1_001)
  assert.equal(findBreak({ seq: 0, hash: Buffer.alloc(32, 1) }, chain), 1)
  assert.equal(findBreak({ seq: 1, hash: GENESIS }, chain), 1)
})

test('an intact chain has no break, in one piece or in several, and neither has an empty one', () => {
  assert.equal(findBreak(START, chain), undefined)
  assert.equal(findBreak(START, []), undefined)
  let before: { seq: number; hash: Uint8Array } = START
  for (let from = 0; from < LENGTH; from += 333) {
    const part = chain.slice(from, from + 333)
    assert.equal(findBreak(before, part), undefined)
    before = part.at(-1) ?? before
  }
})

test('a tail cut off or written anew shows against a head that is kept elsewhere', () => {
  const head = chain.at(-1) ?? assert.fail()
  const short = chain.slice(0, -1)
  assert.equal(findBreak(START, short), undefined)
  assert.notEqual(short.at(-1)?.seq, head.seq)
  const forged = chain.slice(0, 1_500)
  for (let seq = 1_501; seq <= LENGTH; seq += 1)
    forged.push(
      link({ ...bare(seq), ...(seq === 1_501 ? { actor: 'forged' } : {}) }, forged.at(-1)?.hash ?? GENESIS),
    )
  assert.equal(findBreak(START, forged), undefined)
  assert.notDeepEqual(forged.at(-1)?.hash, head.hash)
})

/** Returns the hash as its description says: a label, the hash before, then each column with a mark and its length, or a bare mark. */
function byHand(prev: Uint8Array, columns: readonly (string | Uint8Array | null)[], version = 1): string {
  const parts = columns.map((column) => {
    if (column === null) return Buffer.from('-')
    const length = Buffer.from(Buffer.byteLength(column).toString(16).padStart(8, '0'), 'hex')
    return Buffer.concat([Buffer.from('+'), length, Buffer.from(column)])
  })
  const all = Buffer.concat([Buffer.from(`hawser/audit/v${version}\0`), prev, ...parts])
  return createHash('sha256').update(all).digest('hex')
}

test('the hashes of three events are the frozen ones, computed twice', () => {
  const at = '2026-01-02T03:04:05.006Z'
  const request_id = '00000000-0000-4000-8000-000000000000'
  const full: Omit<AuditEvent, 'hash'> = {
    tenant_id: 'tenant_1',
    seq: 1,
    at,
    environment: 'production',
    actor: 'key:abcdefghijkl',
    action: 'connection.connected',
    carrier_id: 'se-12345678',
    subject: null,
    version: 1,
    fields: '["nickname","password"]',
    outcome: 'succeeded',
    request_id,
    ip: '',
    envelope_hash: Buffer.alloc(32, 0x55),
    changes_hash: null,
    prev_hash: GENESIS,
  }
  const frozen = '8cc596d14ec9bad806a40c40fc913dd458ec80b3540c314a0b5b22100d1d6c0e'
  assert.equal(hashEvent(full).toString('hex'), frozen)
  const { tenant_id, environment, actor, action, carrier_id, fields, outcome, ip, envelope_hash } = full
  const before = [tenant_id, '1', at, environment, actor, action, carrier_id, null, fields, '1', outcome]
  assert.equal(byHand(GENESIS, [...before, request_id, ip, envelope_hash]), frozen)

  const sparse = {
    ...full,
    tenant_id: 'system',
    seq: 12,
    environment: null,
    actor: 'cli',
    action: 'api_key.created',
  }
  const absent = { carrier_id: null, version: null, request_id: null, ip: null, envelope_hash: null }
  const other = { ...sparse, ...absent, subject: 'Zürich', fields: '[]', prev_hash: Buffer.alloc(32, 0x66) }
  const second = 'bd6f084802ac529a36562d36868773bebb9c2bcb5c5df3c8350e9ad192652687'
  assert.equal(hashEvent(other).toString('hex'), second)
  const columns = ['system', '12', at, null, 'cli', 'api_key.created', null, 'Zürich', '[]', null, outcome]
  assert.equal(byHand(other.prev_hash, [...columns, null, null, null]), second)

  const changed = { ...full, changes_hash: Buffer.alloc(32, 0x77) }
  const third = '5d7dc205582ba16d5fb535bf440f536d7717927b5e4a9dd80fbffb8ae934d97f'
  assert.equal(hashEvent(changed).toString('hex'), third)
  const own = [...before, request_id, ip, envelope_hash, changed.changes_hash]
  assert.equal(byHand(GENESIS, own, 2), third)
})
