import type { NamedConnection } from '../../connections/request/named.ts'
import { carrierCodeParameter } from './carrier-code-parameter.ts'
import type { QueryParameter } from '../openapi/describe.ts'

/** What a path that ends in one connection holds. */
export type ConnectionParams = {
  Params: { carrier_name?: string; carrier_code?: string; carrier_id: string }
}

type OneConnection = {
  path: string
  /** The connection that a request names. */
  named: (request: { params: ConnectionParams['Params'] }) => NamedConnection
  /** The operation id of a route that stands in both modes. */
  operation: (name: string) => string
  /** What may stand in the query beside what is the route's own. */
  query: readonly QueryParameter[]
}

/** How routes of one connection are spelled, by mode: parcel connections are named by their carrier, LTL ones by the SCAC. */
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
