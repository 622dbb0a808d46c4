import { credentialFields } from '../../catalog/credential-fields.ts'
import type { Carrier, Field, Fields } from '../../catalog/define.ts'
import type { Values } from '../../catalog/forms/validate.ts'
import { changesBetween, type FieldChange, type ShownValues } from '../../audit/changes.ts'
import type { OpenedConnection } from './plan-change.ts'

/** Describes the opened contents of a connection; a connection that is not there yet, or is deleted, has none. */
export type ShownContents = Partial<Pick<OpenedConnection, 'nickname' | 'credentials' | 'settings'>> & {
  isPrimary?: boolean
}

/** Returns the changes of all values that are not secret, under the names of `form` where it has them; neither side contains a secret. */
export function shownChanges(
  carrier: Carrier,
  before: ShownContents,
  after: ShownContents,
  form: Fields = {},
): FieldChange[] {
  const names = namesOf(carrier, form)
  return changesBetween(shownOf(names, before), shownOf(names, after))
}

type NamedField = { name: string; field: Field }

function shownOf(names: ReadonlyMap<string, NamedField>, contents: ShownContents): ShownValues {
  const { nickname, isPrimary, credentials = {}, settings = {} } = contents
  const held: Values = { ...credentials, ...settings }
  const values = [...names].flatMap(([stored, { name, field }]) => flat(name, field, held[stored]))
  return { nickname, is_primary_account: isPrimary, ...Object.fromEntries(values) }
}

/** Returns a value with its name. Each member of an object is returned under a name of its own. */
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

/** Returns whether a field is shown from a column of the connection, or is never stored. */
const hasColumn = (field: Field) => 'role' in field && field.role !== undefined && field.role !== 'terms'

/** Returns every field that is secret in no form of the carrier, by the name that it is stored under; a value that no form has is not shown. */
function namesOf(carrier: Carrier, form: Fields): Map<string, NamedField> {
  const forms = [form, credentialFields(carrier), carrier.update ?? {}, carrier.settings ?? {}]
  const names = new Map<string, NamedField>()
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
