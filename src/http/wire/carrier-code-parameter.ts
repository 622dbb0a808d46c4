import { findByScac } from '../../catalog/find-carrier.ts'
import type { QueryParameter } from '../openapi/describe.ts'

/** `carrierCodeParameter` is the SCAC in the query of a route that has the SCAC in its path too: the text of the published page names a query string, but its examples show a path. */
export const carrierCodeParameter: QueryParameter = {
  name: 'carrier_code',
  about: 'The SCAC of the path once more, or another one of the same carrier.',
  schema: { type: 'string' },
  repeats: (value, { carrier_code, carrier }) =>
    carrierOf(value) === carrierOf(carrier_code ?? carrier ?? ''),
}

/** Returns the id of the carrier of a SCAC, and the SCAC itself in capitals where no carrier has it. */
const carrierOf = (scac: string): string => findByScac(scac)?.id ?? scac.toUpperCase()
