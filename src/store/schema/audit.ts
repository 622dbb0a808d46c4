import type { Environment, Time } from './tables.ts'

export type AuditHeadTable = { tenant_id: string; seq: number; hash: Uint8Array }

/** An audit count is the number of a tenant's events with one action; an empty `environment` stands for events of no environment. */
export type AuditCountTable = {
  tenant_id: string
  environment: Environment | ''
  action: string
  events: number
}

export type AuditEventTable = {
  tenant_id: string
  seq: number
  at: Time
  environment: Environment | null
  actor: string
  action: string
  carrier_id: string | null
  subject: string | null
  fields: string
  version: number | null
  outcome: string
  request_id: string | null
  ip: string | null
  envelope_hash: Uint8Array | null
  /** `changes_hash` is the digest of the event's changes, which are kept sealed in `audit_change` until they are erased; it is `null` where the event changed nothing that is shown. */
  changes_hash: Uint8Array | null
  prev_hash: Uint8Array
  hash: Uint8Array
}

/** An audit change holds the sealed values before and after one event. */
export type AuditChangeTable = { tenant_id: string; seq: number; sealed: Uint8Array }
