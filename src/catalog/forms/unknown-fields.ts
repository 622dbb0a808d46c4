import type { Fields } from '../define.ts'
import { isFieldName } from '../find-carrier.ts'
import { isSlip, nearest } from '../nearest.ts'

export type UnknownField = { kind: 'invalid'; field?: string; message: string }

/** The known fields are those of the form; `beside` names members of the body that the caller checks. */
type KnownFields = { fields: Fields; owner?: Owner; beside?: readonly string[] }

/** The owner of a form is a carrier or Hawser itself (`ours`); for the form of a carrier, an answer may repeat the names of other carriers’ fields. */
export type Owner = 'carrier' | 'ours'

/**
 * Describes all fields of a body that the form does not have: where each field stands, and which field was probably meant.
 * A name is repeated only if some carrier has a field of that name, since a caller may have sent anything, even a secret, in place of a name.
 */
export function unknownFields(
  { fields, owner = 'carrier', beside = [] }: KnownFields,
  paths: readonly (readonly string[])[],
): UnknownField[] {
  const counts = new Map<string, number>()
  const problems: UnknownField[] = []
  for (const path of paths) {
    const name = path.at(-1) ?? ''
    const outer = path.slice(0, -1)
    const meant = meantBy(fields, beside, outer, name)
    const end = meant === undefined ? '.' : `; did you mean ${meant}?`
    if (owner === 'carrier' && isFieldName(name)) {
      const field = path.join('.')
      problems.push({ kind: 'invalid', field, message: `${field} is not a field of this carrier${end}` })
    } else {
      const said = `${outer.length === 0 ? 'The body' : outer.join('.')} has # that ${NO_PLACE[owner]}${end}`
      counts.set(said, (counts.get(said) ?? 0) + 1)
    }
  }
  for (const [said, count] of counts)
    problems.push({
      kind: 'invalid',
      message: said.replace('#', count === 1 ? 'a field' : `${count} fields`).replace(...agreeing(count)),
    })
  return problems
}

const NO_PLACE: Readonly<Record<Owner, string>> = {
  carrier: 'the carrier does not know',
  ours: 'has no place in it',
}

const agreeing = (count: number): [string, string] =>
  count === 1 ? ['', ''] : ['has no place', 'have no place']

/** Finds the field that was probably meant: first among the fields beside the unknown field, and then elsewhere in the form. */
function meantBy(
  fields: Fields,
  beside: readonly string[],
  outer: readonly string[],
  name: string,
): string | undefined {
  const names = namesIn(membersAt(fields, outer), name)
  const [near] = nearest(name, outer.length === 0 ? [...names, ...beside] : names)
  if (near !== undefined) return [...outer, near].join('.')
  const others = allPaths(fields).filter(
    (path) => path.includes('.') || names.includes(path) || outer.length > 0,
  )
  const elsewhere = new Map(others.map((path) => [path.split('.').at(-1) ?? '', path]))
  const [last] = nearest(name, elsewhere.keys())
  return last === undefined ? undefined : elsewhere.get(last)
}

/** Lists the names of a form. `allow_duplicate` is no field of an account, and is listed only where `written` is a misspelling of its name. */
const namesIn = (fields: Fields, written: string): string[] =>
  Object.entries(fields)
    .filter(
      ([name, field]) => !('role' in field && field.role === 'allow_duplicate') || isSlip(written, name),
    )
    .map(([name]) => name)

function membersAt(fields: Fields, path: readonly string[]): Fields {
  return path.reduce<Fields>((members, name) => {
    const field = members[name]
    return field?.type === 'object' ? field.members : {}
  }, fields)
}

function allPaths(fields: Fields): string[] {
  return Object.entries(fields).flatMap(([name, field]) =>
    field.type === 'object' ? [name, ...allPaths(field.members).map((path) => `${name}.${path}`)] : [name],
  )
}
