import { insertAuditChange } from './audit-changes.ts'
import { appendAuditEvent, findAuditHead } from './audit.ts'
import type { Tx } from '../../db.ts'
import type { NewAuditEvent, Schema } from '../../schema/tables.ts'

/** The newest event of a tenant's chain; `undefined` before the first. */
export type AuditHead = Schema['audit_head'] | undefined

/** An audit event that lacks nothing but its place in the chain of its tenant. */
export type AuditEntry = {
  tenantId: string
  /** Puts the event after the head, with what is kept sealed beside it. */
  chain: (head: AuditHead) => { event: NewAuditEvent; sealed: Uint8Array | undefined }
  /** Refuses, since the head does not name the newest event. */
  refuse: (head: AuditHead) => never
}

/** Adds an event to the end of its tenant's chain, in the transaction of the effect; answers its number. */
export async function appendEntry(tx: Tx, { tenantId, chain, refuse }: AuditEntry): Promise<number> {
  const head = await findAuditHead(tx, tenantId)
  const { event, sealed } = chain(head)
  if (!(await appendAuditEvent(tx, event))) return refuse(head)
  const { tenant_id, seq } = event
  if (sealed) await insertAuditChange(tx, { tenant_id, seq, sealed })
  return seq
}
