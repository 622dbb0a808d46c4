import { credentialFields } from '../../catalog/credential-fields.ts'
import type { Carrier, Field, Fields } from '../../catalog/define.ts'
import type { Values } from '../../catalog/forms/validate.ts'
import { changesBetween, type Change, type ShownValues } from '../../audit/changes.ts'
import type { Held } from './plan-change.ts'

/** What a connection holds, opened; of one that is not there yet or has gone, nothing. */
export type Contents = Partial<Pick<Held, 'nickname' | 'credentials' | 'settings'>> & { isPrimary?: boolean }

/** What became of everything that is not secret, by the names of `form` where it has them; secrets are in neither side. */
export function shownChanges(
  carrier: Carrier,
  before: Contents,
  after: Contents,
  form: Fields = {},
): Change[] {
  const names = namesOf(carrier, form)
  return changesBetween(shownOf(names, before), shownOf(names, after))
}

type Named = { name: string; field: Field }

function shownOf(names: ReadonlyMap<string, Named>, contents: Contents): ShownValues {
  const { nickname, isPrimary, credentials = {}, settings = {} } = contents
  const held: Values = { ...credentials, ...settings }
  const values = [...names].flatMap(([stored, { name, field }]) => flat(name, field, held[stored]))
  return { nickname, is_primary_account: isPrimary, ...Object.fromEntries(values) }
}

/** A value by its name; an object by the names of its members, each for itself. */
function flat(name: string, field: Field, value: unknown): [string, ShownValues[string]][] {
  if (value === undefined || value === null || field.secret) return []
  if (field.type !== 'object') return isShowable(value) ? [[name, value]] : []
  const members = value as Values
  return Object.entries(field.members).flatMap(([member, one]) =>
    flat(`${name}.${member}`, one, members[member]),
  )
}

const isShowable = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'

/** Whether a field is shown from a column of the connection, or is never stored. */
const hasColumn = (field: Field) => 'role' in field && field.role !== undefined && field.role !== 'terms'

/** Every field that is secret in no form of the carrier, by what it is stored under; what no form has is not shown. */
function namesOf(carrier: Carrier, form: Fields): Map<string, Named> {
  const forms = [form, credentialFields(carrier), carrier.update ?? {}, carrier.settings ?? {}]
  const names = new Map<string, Named>()
  const secret = new Set<string>()
  for (const fields of forms)
    for (const [name, field] of Object.entries(fields)) {
      const stored = field.storedAs ?? name
      if (field.secret) secret.add(stored)
      if (!hasColumn(field) && !names.has(stored)) names.set(stored, { name, field })
    }
  for (const stored of secret) names.delete(stored)
  return names
}
