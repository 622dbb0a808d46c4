import type { Carrier, Fields } from '../../catalog/define.ts'
import { validate, type Accepted, type FieldProblem, type Form } from '../../catalog/forms/validate.ts'
import type { Actor, Context } from '../../context.ts'
import { failFields } from '../../errors.ts'
import { Secret } from '../../secret.ts'
import type { CarrierLine } from '../carrier/carrier-line.ts'
import { chooseLine } from '../carrier/choose-line.ts'
import { notClearedNotices, suspectText, type Notice } from '../request/notices.ts'
import { allFields, OVERRIDE, settingNames } from './carrier-forms.ts'
import type { Changes } from './values.ts'

/** Describes the values of a body, sorted by where they are stored. */
export type AcceptedBody = {
  nickname?: string | null
  primary?: boolean
  allowDuplicate?: boolean
  credentials: Secret<Changes>
  settings: Secret<Changes>
  /** `given` lists the wire names of the fields that the body gives. */
  given: readonly string[]
}

type RequestBody = { carrier: Carrier; form: Form; body: Readonly<Record<string, unknown>> }

/** Checks the body of a request against a form. In the sandbox, credentials can ask for an outcome by a special value; a value that looks like a special one but is unknown is refused too. */
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

/** Checks a body against a form and sorts its values; refuses every bad field at once (400). A required field that the body clears keeps its value, and a notice says so. */
export function acceptBody(
  carrier: Carrier,
  form: Form,
  body: Readonly<Record<string, unknown>>,
): AcceptedBody & { notices: Notice[] } {
  const accepted = validate(form, body)
  if (Array.isArray(accepted)) return failFields(accepted)
  // Without a field that connect requires, nobody could find, list or use the connection: such a field stays, and the answer says so.
  const lasting = accepted.cleared.filter((name) => allFields(carrier)[name]?.required)
  const cleared = accepted.cleared.filter((name) => !lasting.includes(name))
  const notices = [...suspectText(form.fields, accepted.values), ...notClearedNotices(lasting)]
  return { ...sortValues(carrier, form.fields, { ...accepted, cleared }), notices }
}

function sortValues(carrier: Carrier, fields: Fields, { values, cleared }: Accepted): AcceptedBody {
  const kept = { credentials: {} as Changes, settings: {} as Changes }
  const acceptedBody: Partial<AcceptedBody> = {}
  const changes: Changes = { ...values, ...Object.fromEntries(cleared.map((name) => [name, null])) }
  for (const [name, value] of Object.entries(changes)) {
    const field = fields[name]
    switch (field && 'role' in field ? field.role : undefined) {
      case 'nickname':
        acceptedBody.nickname = value as string | null
        break
      case 'primary':
        if (value !== null) acceptedBody.primary = value as boolean
        break
      case 'allow_duplicate':
        acceptedBody.allowDuplicate = value === true
        break
      default: {
        const stored = field?.storedAs ?? name
        kept[settingNames(carrier).has(stored) ? 'settings' : 'credentials'][stored] = value
      }
    }
  }
  return {
    ...acceptedBody,
    credentials: new Secret(kept.credentials),
    settings: new Secret(kept.settings),
    given: Object.keys(values).filter((name) => name !== OVERRIDE),
  }
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

/** Fields with these names hold the name or the address of somebody. Such a value may look by chance like one that asks the sandbox for an outcome, and is not taken for one. */
const PLAIN =
  /^(company|address|street|city|state|country|postal|phone|e?mail|title|instructions|department)|(^|_)(name|email)$/i

const meantIn = (fields: Fields, names: readonly string[]) =>
  names.filter((name) => fields[name]?.secret || fields[name]?.identifier || !PLAIN.test(name))
