import { insertAuditChange } from './audit-changes.ts'
import { appendAuditEvent, findAuditHead } from './audit.ts'
import type { Tx } from '../../db.ts'
import type { NewAuditEvent, Schema } from '../../schema/tables.ts'

/** The audit head names the newest event of a tenant's chain; it is `undefined` before the first event. */
export type AuditHead = Schema['audit_head'] | undefined

/** An audit entry is an audit event that is complete except for its place in the chain of its tenant. */
export type AuditEntry = {
  tenantId: string
  /** `chain` returns the event as it follows the head, with the sealed changes that are kept beside the event. */
  chain: (head: AuditHead) => { event: NewAuditEvent; sealed: Uint8Array | undefined }
  /** `refuse` throws the refusal for a head that does not name the newest event. */
  refuse: (head: AuditHead) => never
}

/** Appends an event to its tenant's chain, in the transaction that makes the change, and returns the event's number. */
export async function appendEntry(tx: Tx, { tenantId, chain, refuse }: AuditEntry): Promise<number> {
  const head = await findAuditHead(tx, tenantId)
  const { event, sealed } = chain(head)
  if (!(await appendAuditEvent(tx, event))) return refuse(head)
  const { tenant_id, seq } = event
  if (sealed) await insertAuditChange(tx, { tenant_id, seq, sealed })
  return seq
}
