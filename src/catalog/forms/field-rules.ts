import type { Field, Fields, LtlCarrier } from '../define.ts'

/** Lists the fields of a form in words: name, type and rules of each, with members behind their object. */
export function listFields(fields: Fields, prefix = ''): [name: string, type: string, rules: string][] {
  return Object.entries(fields).flatMap(([name, field]) => [
    [`${prefix}${name}`, field.type, rulesOf(field)],
    ...(field.type === 'object' ? listFields(field.members, `${prefix}${name}.`) : []),
  ])
}

const rulesOf = (field: Field) =>
  [
    field.required && 'required',
    field.secret && 'secret',
    field.identifier && 'identifies the account',
    lengthOf(field),
    'enum' in field && field.enum && `one of ${field.enum.join(', ')}`,
    'format' in field && field.format && `format ${field.format}`,
    'latch' in field && field.latch && 'cannot be switched off again',
    field.deprecated && 'deprecated',
    field.extension && 'an addition of Hawser',
  ]
    .filter(Boolean)
    .join('; ')

function lengthOf(field: Field): string | undefined {
  const least = 'minLength' in field ? field.minLength : undefined
  const most = 'maxLength' in field ? field.maxLength : undefined
  const characters = (count: number) => `${count} character${count === 1 ? '' : 's'}`
  if (least !== undefined && least === most) return `exactly ${characters(least)}`
  const limits = [
    ...(least === undefined ? [] : [`at least ${characters(least)}`]),
    ...(most === undefined ? [] : [`at most ${characters(most)}`]),
  ]
  return limits.join('; ')
}

/** Says in words which of an LTL carrier's credentials have to be there. */
export function demandOf({ demands, form, credentials }: LtlCarrier): string {
  if (typeof demands !== 'string') return demands.map((names) => names.join(' + ')).join(', or ')
  if (form === 'generic') return 'at least one'
  if (demands === 'none') return 'none'
  const added = Object.keys(credentials).filter((name) => credentials[name]?.extension)
  return added.length === 0 ? 'all of its fields' : `all of its fields but ${added.join(', ')}`
}
