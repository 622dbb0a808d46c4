import type { Generated, Insertable, Selectable } from 'kysely'
import type { AuditChangeTable, AuditCountTable, AuditEventTable, AuditHeadTable } from './audit.ts'
import type { ConnectionCountTable, ConnectionListingTable, ConnectionTermTable } from './listing.ts'
import type { LabelCountTable, LabelTable, ManifestTable } from './shipments.ts'

export { LABEL_STATUSES, type LabelStatus } from './shipments.ts'

/** Times are ISO 8601 in UTC with milliseconds; truth values are 0 and 1; JSON is text: the same on both databases. */
export type Time = string
type Truth = 0 | 1

export type Environment = 'production' | 'sandbox'

type InstallationTable = { id: string; created_at: Time }

type KeyTermTable = {
  term: number
  state: 'active' | 'decrypt_only' | 'destroyed'
  kek_id: string
  provider: string
  wrapped: Uint8Array
  kcv: Uint8Array
  created_at: Time
  activated_at: Time | null
  retired_at: Time | null
}

type TenantTable = {
  tenant_id: string
  partner_id: string | null
  external_account_id: string | null
  company_name: string
  first_name: string | null
  last_name: string | null
  email: string | null
  origin_country_code: string | null
  active: Truth
  created_at: Time
  modified_at: Time
  /** The name as it is compared, of tenants that hold theirs against others; accounts of partners hold none. */
  name_key: string | null
  /** Since when it is deleted, and nothing but its id is left of it. */
  deleted_at: Time | null
  /** Where it was made: an account of the sandbox has nothing in production. */
  environment: Generated<Environment>
}

type ApiKeyTable = {
  key_id: string
  tenant_id: string
  environment: Environment
  scopes: string
  secret_hash: Uint8Array
  description: string | null
  created_at: Time
  created_by: string
  expires_at: Time | null
  revoked_at: Time | null
  /** To the hour. */
  last_used_at: Time | null
}

/** What is known of a connection's credentials. */
export type ConnectionState = 'verified' | 'unverified' | 'degraded' | 'needs_reauth' | 'action_required'

export type ConnectionTable = {
  tenant_id: string
  environment: Environment
  carrier_id: string
  mode: 'parcel' | 'ltl'
  carrier: string
  scac: string | null
  nickname: string | null
  account_number: string | null
  account_key: string | null
  is_primary: Truth
  connection_status: 'approved' | 'pending_approval'
  version: number
  created_seq: number
  created_at: Time
  updated_at: Time
  credentials: Uint8Array
  credentials_version: number
  settings: Uint8Array | null
  settings_version: number
  state: ConnectionState
  /** Absent where the state has been the same since the connect. */
  state_since: Time | null
  checked_at: Time | null
  diagnosis: string | null
  failed_checks: number
  /** When the connection was last shown as degraded; it is not again for a while. */
  degraded_at: Time | null
  /** Whether webhooks have been told of trouble, and not yet that it is over. */
  trouble_told: Generated<Truth>
  /** What a delete does about open shipments where this connection has its own mind. */
  open_shipments: OpenShipments | null
}

/** What a delete does about open shipments: it goes through and says so, or it is refused. */
export type OpenShipments = 'warn' | 'refuse'

type PreviousCredentialsTable = {
  tenant_id: string
  environment: Environment
  carrier_id: string
  credentials: Uint8Array
  credentials_version: number
  replaced_at: Time
  erase_after: Time
}

type ScheduledCheckTable = {
  tenant_id: string
  environment: Environment
  carrier_id: string
  carrier: string
  due_at: Time
  claimed_until: Time | null
  /** Counted up by every claim and every plan: who claimed before cannot write any more. */
  fence: number
}

type SignInTable = {
  tenant_id: string
  environment: Environment
  carrier_id: string
  /** SHA-256 of the state that comes back; the state itself is nowhere. */
  state_hash: Uint8Array
  verifier: Uint8Array
  /** Who began it, as the audit log names him. */
  begun_by: string
  expires_at: Time
}

type CarrierTokenTable = {
  tenant_id: string
  environment: Environment
  carrier_id: string
  /** Of the credentials that it is minted from: of others there is no row. */
  credentials_version: number
  /** Absent until the first has been minted; the times with it. */
  sealed: Uint8Array | null
  /** From when on the next one is got, until when this one is handed out, and when it ends. */
  refresh_at: Time | null
  good_until: Time | null
  expires_at: Time | null
  /** The process that is getting the next one, which nobody else does until then. */
  holder: string | null
  claimed_until: Time | null
  /** Until then the carrier is not asked again, since it gave none. */
  retry_at: Time | null
  /** Counted up by every write: who saw another one cannot write any more. */
  fence: number
}

type VerificationAttemptTable = {
  account: Uint8Array
  slot: number
  at: Time
  /** Of an attempt that is under way; absent once it was refused. */
  running_until: Time | null
}

/** One check of a carrier; as many slots as there may be in a minute. */
type CheckTurnTable = { carrier: string; slot: number; at: Time }

type TombstoneTable = {
  tenant_id: string
  environment: Environment
  carrier_id: string
  carrier: string
  nickname: string | null
  created_at: Time
  deleted_at: Time
  scac: string | null
  /** Since when nothing of its credentials is left. */
  erased_at: Time | null
}

/** A deleted connection that can be restored: all that was sealed in it, under a purpose of its own, and what is in clear beside the name. */
type BuriedConnectionTable = Pick<
  ConnectionTable,
  | 'tenant_id'
  | 'environment'
  | 'carrier_id'
  | 'mode'
  | 'carrier'
  | 'scac'
  | 'account_number'
  | 'account_key'
  | 'connection_status'
  | 'version'
  | 'created_seq'
  | 'created_at'
  | 'credentials_version'
  | 'settings_version'
  | 'state'
  | 'state_since'
  | 'checked_at'
  | 'diagnosis'
  | 'open_shipments'
  | 'trouble_told'
> & {
  /** Whether another connection stood for the same account when this one was deleted, or could still come back beside it. */
  had_twin: Truth
  /** The event of the delete. */
  deleted_seq: number
  sealed: Uint8Array
  erase_after: Time
}

/** Credentials or a token on their way; `audit_seq` is the event that says so. */
type LeaseTable = {
  tenant_id: string
  environment: Environment
  carrier_id: string
  audit_seq: number
  expires_at: Time
}

type DeletePolicyTable = {
  tenant_id: string
  environment: Environment
  open_shipments: OpenShipments
  /** How long a deleted connection can be restored; 0 erases at once. */
  restore_days: number
  updated_at: Time
}

type WebhookEndpointTable = {
  tenant_id: string
  environment: Environment
  webhook_id: string
  event: string
  url: string
  name: string | null
  store_id: number | null
  /** JSON list of the names of the headers; their values are sealed with the signing secret. */
  header_names: string
  sealed: Uint8Array
  sealed_version: number
  /** Since when nothing has been delivered, though it was tried. */
  failing_since: Time | null
  disabled_at: Time | null
  created_at: Time
  updated_at: Time
}

/** While two secrets of an endpoint sign: when the older one ends. */
type WebhookRotationTable = {
  tenant_id: string
  environment: Environment
  webhook_id: string
  ends_at: Time
}

type OutboxMessageTable = {
  tenant_id: string
  environment: Environment
  message_id: string
  type: string
  payload: string
  created_at: Time
}

type WebhookDeliveryTable = {
  tenant_id: string
  environment: Environment
  webhook_id: string
  message_id: string
  state: 'pending' | 'delivered' | 'failed'
  attempts: number
  next_at: Time
  /** Until when the process that counted `fence` up may be delivering it. */
  claimed_until: Time | null
  fence: number
  last_at: Time | null
  last_status: number | null
  /** Why the last attempt failed, in a word of ours. */
  last_reason: string | null
  created_at: Time
}

export type Schema = {
  installation: InstallationTable
  key_term: KeyTermTable
  tenant: TenantTable
  api_key: ApiKeyTable
  connection: ConnectionTable
  connection_listing: ConnectionListingTable
  connection_count: ConnectionCountTable
  connection_term: ConnectionTermTable
  tombstone: TombstoneTable
  buried_connection: BuriedConnectionTable
  lease: LeaseTable
  delete_policy: DeletePolicyTable
  previous_credentials: PreviousCredentialsTable
  scheduled_check: ScheduledCheckTable
  verification_attempt: VerificationAttemptTable
  sign_in: SignInTable
  check_turn: CheckTurnTable
  carrier_token: CarrierTokenTable
  audit_head: AuditHeadTable
  audit_count: AuditCountTable
  audit_event: AuditEventTable
  audit_change: AuditChangeTable
  webhook_endpoint: WebhookEndpointTable
  webhook_rotation: WebhookRotationTable
  outbox_message: OutboxMessageTable
  webhook_delivery: WebhookDeliveryTable
  label: LabelTable
  label_count: LabelCountTable
  manifest: ManifestTable
}

export type Installation = Selectable<InstallationTable>
export type KeyTerm = Selectable<KeyTermTable>
export type Tenant = Selectable<TenantTable>
export type ApiKey = Selectable<ApiKeyTable>
export type Connection = Selectable<ConnectionTable>
export type ConnectionListing = Selectable<ConnectionListingTable>
export type Tombstone = Selectable<TombstoneTable>
export type BuriedConnection = Selectable<BuriedConnectionTable>
export type DeletePolicy = Selectable<DeletePolicyTable>
export type ScheduledCheck = Selectable<ScheduledCheckTable>
export type CarrierToken = Selectable<CarrierTokenTable>
export type PreviousCredentials = Selectable<PreviousCredentialsTable>
export type SignInRow = Selectable<SignInTable>
export type AuditEvent = Selectable<AuditEventTable>
export type AuditChange = Selectable<AuditChangeTable>
export type WebhookEndpoint = Selectable<WebhookEndpointTable>
export type OutboxMessage = Selectable<OutboxMessageTable>
export type WebhookDelivery = Selectable<WebhookDeliveryTable>
export type Label = Selectable<LabelTable>
export type LabelCount = Selectable<LabelCountTable>
export type Manifest = Selectable<ManifestTable>
export type NewConnection = Insertable<ConnectionTable>
export type NewAuditEvent = Insertable<AuditEventTable>
