import { suggestFilter } from '../../catalog/suggest-carrier.ts'
import type { FieldProblem } from '../../catalog/forms/validate.ts'

/** Returns the problem of a filter that names no carrier, with the name that was probably meant. */
export function absentCarrier(field: 'carrier' | 'scac', written: string): FieldProblem {
  const why = field === 'carrier' ? 'names no carrier and no SCAC' : 'names no carrier'
  return { kind: 'invalid', field, message: `${field} ${why}${suggestFilter(written, field)}` }
}
