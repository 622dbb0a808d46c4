import type { NamedConnection } from '../../connections/request/named.ts'
import { carrierCodeParameter } from './carrier-code-parameter.ts'
import type { QueryParameter } from '../openapi/describe.ts'

/** `ConnectionParams` has the parameters of a path that names one connection. */
export type ConnectionParams = {
  Params: { carrier_name?: string; carrier_code?: string; carrier_id: string }
}

type OneConnection = {
  path: string
  /** `named` returns the connection that a request names. */
  named: (request: { params: ConnectionParams['Params'] }) => NamedConnection
  /** `operation` returns the operation id of a route that both modes have. */
  operation: (name: string) => string
  /** `query` has the parameters that every such route takes beside its own. */
  query: readonly QueryParameter[]
}

/** `oneConnection` has the path of one connection in each mode: a parcel connection is named by its carrier, and an LTL connection by the SCAC. */
export const oneConnection: Record<'parcel' | 'ltl', OneConnection> = {
  parcel: {
    path: '/connections/carriers/:carrier_name/:carrier_id',
    named: ({ params }) => ({ carrierName: params.carrier_name ?? '', carrierId: params.carrier_id }),
    operation: (name) => name,
    query: [],
  },
  ltl: {
    path: '/connections/:carrier_code/:carrier_id',
    named: ({ params }) => ({ scac: params.carrier_code ?? '', carrierId: params.carrier_id }),
    operation: (name) => `${name}_ltl`,
    query: [carrierCodeParameter],
  },
}
