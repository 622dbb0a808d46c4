import type { Generated, Insertable, Selectable } from 'kysely'
import type { AuditChangeTable, AuditCountTable, AuditEventTable, AuditHeadTable } from './audit.ts'
import type { ConnectionCountTable, ConnectionListingTable, ConnectionTermTable } from './listing.ts'
import type { LabelCountTable, LabelTable, ManifestTable } from './shipments.ts'

export { LABEL_STATUSES, type LabelStatus } from './shipments.ts'

/** A time is written in ISO 8601 in UTC with milliseconds. Both databases also write truth values as 0 and 1, and JSON as text. */
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
  /** `name_key` is the normalized name of a tenant whose name no other tenant may use; it is `null` for accounts of partners, whose names may repeat. */
  name_key: string | null
  /** `deleted_at` is the time at which the tenant was deleted; only the tenant's id is left since then. */
  deleted_at: Time | null
  /** `environment` is the environment in which the tenant was created; an account of the sandbox has nothing in production. */
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
  /** `last_used_at` is exact to the hour. */
  last_used_at: Time | null
}

/** A connection state says what Hawser knows about a connection's credentials. */
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
  /** `state_since` is `null` where the state has not changed since the connect. */
  state_since: Time | null
  checked_at: Time | null
  diagnosis: string | null
  failed_checks: number
  /** `degraded_at` is the time at which the connection was last shown as degraded; for a while after it, the connection is not shown as degraded again. */
  degraded_at: Time | null
  /** `trouble_told` is 1 where a webhook has announced trouble and no webhook has announced yet that the trouble is over. */
  trouble_told: Generated<Truth>
  /** `open_shipments` overrides for this connection what a delete does about open shipments; `null` leaves it to the tenant's policy. */
  open_shipments: OpenShipments | null
}

/** With `warn` a delete succeeds and mentions the open shipments; with `refuse` open shipments make a delete fail. */
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
  /** `fence` is increased by every claim and every plan, so that an earlier claimant can no longer write. */
  fence: number
}

type SignInTable = {
  tenant_id: string
  environment: Environment
  carrier_id: string
  /** `state_hash` is the SHA-256 of the state that comes back from the carrier; the state itself is not stored. */
  state_hash: Uint8Array
  verifier: Uint8Array
  /** `begun_by` is the actor who began the sign-in, as the audit log names actors. */
  begun_by: string
  expires_at: Time
}

type CarrierTokenTable = {
  tenant_id: string
  environment: Environment
  carrier_id: string
  /** `credentials_version` is the version of the credentials that the token is minted from; other versions have no row. */
  credentials_version: number
  /** `sealed` is `null` where no token has been minted from these credentials yet; `refresh_at`, `good_until` and `expires_at` are then `null` too. */
  sealed: Uint8Array | null
  /** The next token is fetched from `refresh_at` on; this token is handed out until `good_until` and ends at `expires_at`. */
  refresh_at: Time | null
  good_until: Time | null
  expires_at: Time | null
  /** Until `claimed_until` only the process that claimed the fetch may fetch the next token. */
  claimed_until: Time | null
  /** The carrier gave no token and is not asked again before `retry_at`. */
  retry_at: Time | null
  /** `fence` is increased by every write, except where new credentials leave a claim in force; a writer that read another value can no longer write. */
  fence: number
}

type VerificationAttemptTable = {
  account: Uint8Array
  slot: number
  at: Time
  /** `running_until` is set while an attempt is under way; it is `null` once the carrier has refused the attempt. */
  running_until: Time | null
}

/** A check turn is one recent check at a carrier; `slot` numbers the checks that are allowed within a minute. */
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
  /** `erased_at` is the time at which the last of the connection's credentials were erased. */
  erased_at: Time | null
}

/** A deleted connection that can be restored is kept with all its sealed values, which are sealed again for that purpose, and with its columns in clear except the name. */
type DeletedConnectionTable = Pick<
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
  /** `had_duplicate` is 1 where, at the delete, another connection of the same account existed or could still be restored. */
  had_duplicate: Truth
  /** `deleted_seq` is the number of the delete's audit event. */
  deleted_seq: number
  sealed: Uint8Array
  erase_after: Time
}

/** A lease is a hand-out of credentials or of a token that has not ended yet; `audit_seq` is the number of its audit event. */
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
  /** `restore_days` is the number of days for which a deleted connection can be restored; 0 erases the connection at once. */
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
  /** `header_names` is a JSON list of the names of the headers; the values are sealed together with the signing secret. */
  header_names: string
  sealed: Uint8Array
  sealed_version: number
  /** `failing_since` is the time since which every attempt of a delivery has failed. */
  failing_since: Time | null
  disabled_at: Time | null
  created_at: Time
  updated_at: Time
}

/** A webhook rotation is kept while two secrets of an endpoint sign; the older secret ends at `ends_at`. */
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
  /** Until `claimed_until` the process that increased `fence` may be delivering the message. */
  claimed_until: Time | null
  fence: number
  last_at: Time | null
  last_status: number | null
  /** `last_reason` is one of Hawser's own words for why the last attempt failed. */
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
  deleted_connection: DeletedConnectionTable
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
export type DeletedConnection = Selectable<DeletedConnectionTable>
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
