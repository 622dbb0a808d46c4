import type { Field, Fields, TextField } from '../define.ts'

/** Builds an example body for a form: it has the required fields, or one field where none is required. */
export function exampleBody(fields: Fields): Record<string, unknown> {
  const names = Object.keys(fields)
  const required = names.filter((name) => fields[name]?.required)
  const shown = required.length > 0 ? required : names.slice(0, 1)
  return Object.fromEntries(shown.map((name) => [name, exampleOf(name, fields[name]!)]))
}

function exampleOf(name: string, field: Field): unknown {
  switch (field.type) {
    case 'boolean':
      return true
    case 'integer':
    case 'number':
      return (field.minimum ?? 0) + 1
    case 'object':
      return exampleBody(field.members)
    case 'string':
      return exampleText(name, field)
  }
}

/** `LOOKS` gives an example value for each field whose name matches the pattern. */
const LOOKS: readonly (readonly [RegExp, string])[] = [
  [/^nickname$/, 'My first account'],
  [/e?mail/, 'ship@example.com'],
  [/country/, 'US'],
  [/postal|zip/, '78701'],
  [/phone/, '5125550100'],
  [/first_name/, 'Ann'],
  [/last_name/, 'Example'],
  [/company/, 'Example Inc'],
  [/city/, 'Austin'],
  [/^state/, 'TX'],
  [/address/, '1 Main St'],
  [/(account|customer|contract).*(number|id|no)$/, '1234567890'],
]

function exampleText(name: string, field: TextField): string {
  if (field.enum) return field.enum[0] ?? ''
  if (field.examples?.[0] !== undefined) return field.examples[0]
  if (field.format === 'email') return 'ship@example.com'
  if (field.format) return '2026-01-31T09:30:00Z'
  const look = LOOKS.find(([pattern]) => pattern.test(name))?.[1] ?? `example-${name.replaceAll('_', '-')}`
  return look.slice(0, field.maxLength).padEnd(field.minLength ?? 1, '0')
}
