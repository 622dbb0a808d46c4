import type { Environment } from './schema/tables.ts'

/** One tenant's side of one environment: no query crosses it. */
export type Scope = { tenantId: string; environment: Environment }
export type ConnectionKey = Scope & { carrierId: string }

/** The columns that hold a query to one tenant's side of one environment. */
export const inScope = ({ tenantId, environment }: Scope) => ({ tenant_id: tenantId, environment })

/** The columns that name one connection. */
export const byConnection = (key: ConnectionKey) => ({ ...inScope(key), carrier_id: key.carrierId })
