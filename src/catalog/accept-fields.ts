import type { Fields } from './define.ts'
import { validate, type Accepted, type FieldProblem } from './validate.ts'

/** Checks a body against a form that is no carrier's; answers every problem at once, or what the body says. `beside` names members that are judged apart. */
export function acceptFields(
  fields: Fields,
  body: Readonly<Record<string, unknown>>,
  beside: readonly string[] = [],
): Accepted | FieldProblem[] {
  return validate({ fields, owner: 'ours', beside }, body)
}
