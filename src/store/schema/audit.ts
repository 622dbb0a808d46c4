import type { Environment, Time } from './tables.ts'

export type AuditHeadTable = { tenant_id: string; seq: number; hash: Uint8Array }

/** How many events there are of one kind; an empty text stands for those of no environment. */
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
  /** Digest of what it changed, which stands sealed beside it until that is erased; absent where it changed nothing that is shown. */
  changes_hash: Uint8Array | null
  prev_hash: Uint8Array
  hash: Uint8Array
}

/** What an event changed, before and after. */
export type AuditChangeTable = { tenant_id: string; seq: number; sealed: Uint8Array }
