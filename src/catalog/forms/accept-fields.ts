import type { Fields } from '../define.ts'
import { validate, type Accepted, type FieldProblem } from './validate.ts'

/** Checks a body against a form that is no carrier's, where `beside` names members that others check, and returns what the body says or every problem at once. */
export function acceptFields(
  fields: Fields,
  body: Readonly<Record<string, unknown>>,
  beside: readonly string[] = [],
): Accepted | FieldProblem[] {
  return validate({ fields, owner: 'ours', beside }, body)
}
