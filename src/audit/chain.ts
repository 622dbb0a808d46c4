import { createHash } from 'node:crypto'
import type { AuditEvent } from '../store/schema/tables.ts'

/** This hash stands before the first event of every chain. */
export const GENESIS = new Uint8Array(32)

type Linked = Omit<AuditEvent, 'hash'>

/**
 * Returns the hash of an event: SHA-256 over a label, the hash before it, and every other column, each preceded by its length.
 * An absent column differs from an empty one. An event that says what it changed has another label than one that does not.
 */
export function hashEvent(event: Linked): Buffer {
  const label = event.changes_hash === null ? 'hawser/audit/v1\0' : 'hawser/audit/v2\0'
  const hash = createHash('sha256').update(label).update(event.prev_hash)
  for (const column of [
    event.tenant_id,
    `${event.seq}`,
    event.at,
    event.environment,
    event.actor,
    event.action,
    event.carrier_id,
    event.subject,
    event.fields,
    event.version === null ? null : `${event.version}`,
    event.outcome,
    event.request_id,
    event.ip,
    event.envelope_hash,
    ...(event.changes_hash === null ? [] : [event.changes_hash]),
  ]) {
    if (column === null) {
      hash.update('-')
      continue
    }
    const bytes = typeof column === 'string' ? Buffer.from(column, 'utf8') : column
    const length = Buffer.alloc(5)
    length.write('+')
    length.writeUInt32BE(bytes.length, 1)
    hash.update(length).update(bytes)
  }
  return hash.digest()
}

/** Returns the number of the first event that does not follow from the one before it; `undefined` when all do. */
export function findBreak(
  before: { seq: number; hash: Uint8Array },
  events: readonly AuditEvent[],
): number | undefined {
  let { seq, hash } = before
  for (const event of events) {
    const follows = event.seq === seq + 1 && Buffer.compare(event.prev_hash, hash) === 0
    if (!follows || Buffer.compare(hashEvent(event), event.hash) !== 0) return event.seq
    ;({ seq, hash } = event)
  }
  return undefined
}
