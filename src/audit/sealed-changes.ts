import { createHash, randomBytes } from 'node:crypto'
import type { Context } from '../context.ts'
import type { AuditEvent } from '../store/schema/tables.ts'
import { EnvelopeError } from '../vault/envelope.ts'
import type { EnvelopePlace } from '../vault/keyring.ts'
import type { FieldChange } from './changes.ts'

/** A holder has the columns of an event that bind its changes to it. */
type Holder = Pick<AuditEvent, 'tenant_id' | 'seq' | 'environment' | 'carrier_id' | 'subject'>

const SALT = 32

/** Seals the changes of an event, for this event alone. The event keeps the digest `hash`; once the envelope and the salt in it are erased, nobody can guess the changes from the digest. */
export function sealChanges(
  { keyring }: Context,
  holder: Holder,
  changes: readonly FieldChange[],
): { sealed: Uint8Array; hash: Buffer } {
  const text = JSON.stringify({ salt: randomBytes(SALT).toString('base64url'), changes })
  return { sealed: keyring.seal(place(holder), Buffer.from(text, 'utf8')), hash: digest(text) }
}

/** Opens the changes of an event; returns `undefined` where they do not open or do not match the event, and writes that to the log of the program only. */
export function openChanges(
  { keyring, log }: Context,
  event: Holder & Pick<AuditEvent, 'changes_hash'>,
  sealed: Uint8Array,
): FieldChange[] | undefined {
  try {
    const text = keyring.open(place(event), sealed).toString('utf8')
    if (!event.changes_hash || !digest(text).equals(event.changes_hash)) throw new EnvelopeError()
    return (JSON.parse(text) as { changes: FieldChange[] }).changes
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error
    const { tenant_id: tenant, seq } = event
    log.error({ tenant, seq }, 'integrity violation: what an event changed is not what the event says')
    return undefined
  }
}

const digest = (text: string) =>
  createHash('sha256').update('hawser/audit/changes/v1\0').update(text).digest()

const place = ({ tenant_id, environment, carrier_id, subject, seq }: Holder): EnvelopePlace => ({
  purpose: 'audit.changes',
  tenantId: tenant_id,
  environment: environment ?? '',
  subject: carrier_id ?? subject ?? '',
  carrier: '',
  version: seq,
})
