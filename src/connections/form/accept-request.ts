import type { Carrier, Fields } from '../../catalog/define.ts'
import type { FieldProblem, Form } from '../../catalog/forms/validate.ts'
import type { Actor, Context } from '../../context.ts'
import { failFields } from '../../errors.ts'
import type { CarrierLine } from '../carrier/carrier-line.ts'
import { chooseLine } from '../carrier/choose-line.ts'
import type { Notice } from '../request/notices.ts'
import { acceptBody, type Changes, type AcceptedBody } from './values.ts'

type RequestBody = { carrier: Carrier; form: Form; body: Readonly<Record<string, unknown>> }

/** Checks the body of a request against a form; in the sandbox, refuses also a value that looks like a wish for an outcome and is none that the sandbox knows. */
export function acceptRequest(
  ctx: Context,
  actor: Actor,
  { carrier, form, body }: RequestBody,
): AcceptedBody & { notices: Notice[] } {
  const acceptedBody = acceptBody(carrier, form, body)
  const values = { ...acceptedBody.settings.reveal(), ...acceptedBody.credentials.reveal() }
  refuseMistyped(chooseLine(ctx, actor), form.fields, values)
  return acceptedBody
}

function refuseMistyped(line: CarrierLine, fields: Fields, values: Changes): void {
  const nested = Object.entries(values).flatMap(([outer, value]) => {
    if (typeof value !== 'object' || value === null) return []
    const group = fields[outer]
    const members = group?.type === 'object' ? group.members : fields
    return meantIn(members, line.findMistypedWishes(value)).map((name) => `${outer}.${name}`)
  })
  const known = line.wishes.join(', ')
  const problems = [...meantIn(fields, line.findMistypedWishes(values)), ...nested].map(
    (field): FieldProblem => ({
      kind: 'invalid',
      field,
      message: `${field} asks the sandbox for an answer that it does not know; it knows ${known}.`,
    }),
  )
  if (problems.length > 0) failFields(problems)
}

/** Fields with these names hold the name or the address of somebody, which may look like a wish for an outcome by chance and is then no wish. */
const PLAIN =
  /^(company|address|street|city|state|country|postal|phone|e?mail|title|instructions|department)|(^|_)(name|email)$/i

const meantIn = (fields: Fields, names: readonly string[]) =>
  names.filter((name) => fields[name]?.secret || fields[name]?.identifier || !PLAIN.test(name))
