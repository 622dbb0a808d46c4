import type { Fields } from '../define.ts'
import { validate, type Accepted, type FieldProblem } from './validate.ts'

/** Checks a body against a form of Hawser itself, and returns the accepted body or every problem at once; `beside` names members of the body that the caller checks. */
export function acceptFields(
  fields: Fields,
  body: Readonly<Record<string, unknown>>,
  beside: readonly string[] = [],
): Accepted | FieldProblem[] {
  return validate({ fields, owner: 'ours', beside }, body)
}
