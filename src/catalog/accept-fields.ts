import type { Fields } from './define.ts'
import { validate, type Accepted, type FieldProblem } from './validate.ts'

/** Checks a body against a form that is no carrier's; answers every problem at once, or what the body says. */
export function acceptFields(
  fields: Fields,
  body: Readonly<Record<string, unknown>>,
): Accepted | FieldProblem[] {
  const accepted = validate({ fields }, body)
  if (!Array.isArray(accepted)) return accepted
  return accepted.map((problem) =>
    problem.kind === 'invalid' && !hasField(fields, problem.field?.split('.') ?? [])
      ? { kind: 'invalid', message: 'The body has a field that has no place in it.' }
      : problem,
  )
}

function hasField(fields: Fields, [name = '', ...inner]: readonly string[]): boolean {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined
  return (
    field !== undefined && (inner.length === 0 || (field.type === 'object' && hasField(field.members, inner)))
  )
}
