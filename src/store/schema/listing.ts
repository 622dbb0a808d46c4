import type { Generated } from 'kysely'
import type { ConnectionTable, Environment } from './tables.ts'

/** What a list shows of a connection and finds it by; the database keeps it beside the connection, whoever writes that. */
export type ConnectionListingTable = Pick<
  ConnectionTable,
  | 'tenant_id'
  | 'environment'
  | 'carrier_id'
  | 'mode'
  | 'carrier'
  | 'scac'
  | 'nickname'
  | 'account_number'
  | 'connection_status'
  | 'version'
  | 'credentials_version'
  | 'created_at'
  | 'updated_at'
  | 'state'
  | 'state_since'
  | 'checked_at'
  | 'diagnosis'
> & {
  partner_id: string | null
  /** The state, with `/waiting` where a merchant has to sign in, and `/unasked` where it is unverified since nobody asked the carrier. */
  standing: string
  since: string
  /** The place among nicknames; empty as long as the connection has no terms. */
  name_key: Generated<string>
}

/** How many connections an account has of one carrier and standing. */
export type ConnectionCountTable = {
  tenant_id: string
  environment: Environment
  carrier: string
  standing: string
  partner_id: string | null
  connections: number
}

export type ConnectionTermTable = {
  tenant_id: string
  environment: Environment
  carrier_id: string
  term: string
  partner_id: string | null
}
