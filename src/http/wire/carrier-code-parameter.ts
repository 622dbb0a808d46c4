import { findByScac } from '../../catalog/find-carrier.ts'
import type { QueryParameter } from '../openapi/describe.ts'

/** The SCAC in the query of a route that has it in the path: the published page speaks of a query string, its examples show a path. */
export const carrierCodeParameter: QueryParameter = {
  name: 'carrier_code',
  about: 'The SCAC of the path once more, or another one of the same carrier.',
  schema: { type: 'string' },
  repeats: (value, { carrier_code, carrier }) =>
    carrierOf(value) === carrierOf(carrier_code ?? carrier ?? ''),
}

/** A SCAC that no carrier has stands for itself. */
const carrierOf = (scac: string): string => findByScac(scac)?.id ?? scac.toUpperCase()
