import type { Carrier } from '../catalog/define.ts'
import type { FieldProblem, Form } from '../catalog/validate.ts'
import type { Actor, Context } from '../context.ts'
import { failFields } from '../errors.ts'
import type { Notice } from './notices.ts'
import { acceptBody, type Changes, type Parts } from './values.ts'

type Asked = { carrier: Carrier; form: Form; body: Readonly<Record<string, unknown>> }

/** Checks the body of a request against a form; in the sandbox it refuses a word for an answer that is none of those it knows, too. */
export function acceptRequest(
  ctx: Context,
  actor: Actor,
  { carrier, form, body }: Asked,
): Parts & { notices: Notice[] } {
  const parts = acceptBody(carrier, form, body)
  if (actor.environment === 'sandbox')
    refuseMistyped(ctx, { ...parts.settings.reveal(), ...parts.credentials.reveal() })
  return parts
}

function refuseMistyped({ simulator }: Context, values: Changes): void {
  const nested = Object.entries(values).flatMap(([outer, value]) =>
    typeof value === 'object' && value !== null
      ? simulator.mistyped(value).map((name) => `${outer}.${name}`)
      : [],
  )
  const known = simulator.magicValues.join(', ')
  const problems = [...simulator.mistyped(values), ...nested].map((field): FieldProblem => ({
    kind: 'invalid',
    field,
    message: `${field} asks the sandbox for an answer that it does not know; it knows ${known}.`,
  }))
  if (problems.length > 0) failFields(problems)
}
