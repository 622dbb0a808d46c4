import type { Carrier, Fields } from '../../catalog/define.ts'
import type { FieldProblem, Form } from '../../catalog/forms/validate.ts'
import type { Actor, Context } from '../../context.ts'
import { failFields } from '../../errors.ts'
import type { CarrierLine } from '../carrier/carrier-line.ts'
import { chooseLine } from '../carrier/choose-line.ts'
import type { Notice } from '../request/notices.ts'
import { acceptBody, type Changes, type Parts } from './values.ts'

type Asked = { carrier: Carrier; form: Form; body: Readonly<Record<string, unknown>> }

/** Checks the body of a request against a form; in the sandbox it refuses a word for an answer that is none of those it knows, too. */
export function acceptRequest(
  ctx: Context,
  actor: Actor,
  { carrier, form, body }: Asked,
): Parts & { notices: Notice[] } {
  const parts = acceptBody(carrier, form, body)
  const values = { ...parts.settings.reveal(), ...parts.credentials.reveal() }
  refuseMistyped(chooseLine(ctx, actor), form.fields, values)
  return parts
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

/** What names or places somebody, and may well be called so; no answer is chosen there. */
const PLAIN =
  /^(company|address|street|city|state|country|postal|phone|e?mail|title|instructions|department)|(^|_)(name|email)$/i

const meantIn = (fields: Fields, names: readonly string[]) =>
  names.filter((name) => fields[name]?.secret || fields[name]?.identifier || !PLAIN.test(name))
