import type { Generated } from 'kysely'
import type { ConnectionTable, Environment } from './tables.ts'

/** A connection listing holds the columns by which lists show and find a connection; triggers of the database update it whenever the connection changes. */
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
  /** `standing` is the state, with `/waiting` appended where a merchant has to sign in, and with `/unasked` where the state is unverified because nobody asked the carrier. */
  standing: string
  since: string
  /** `name_key` sorts connections by nickname; it is empty as long as the connection has no search terms. */
  name_key: Generated<string>
}

/** A connection count is the number of connections that a tenant has with one carrier and one standing. */
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
