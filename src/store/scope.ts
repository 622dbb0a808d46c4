import type { Environment } from './schema/tables.ts'

/** A scope is one tenant in one environment; no query reaches beyond its scope. */
export type TenantScope = { tenantId: string; environment: Environment }
export type ConnectionKey = TenantScope & { carrierId: string }

/** An account of a carrier is named by the carrier and by the account's normalized number, the column `account_key`. */
export type AccountOfCarrier = { carrier: string; accountKey: string }

/** Returns the columns that restrict a query to one tenant in one environment. */
export const inScope = ({ tenantId, environment }: TenantScope) => ({ tenant_id: tenantId, environment })

/** Returns the columns that name one connection. */
export const byConnection = (key: ConnectionKey) => ({ ...inScope(key), carrier_id: key.carrierId })
