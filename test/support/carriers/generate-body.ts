import type { Field, Fields } from '../../../src/catalog/define.ts'
import { unique, uniqueNumber } from '../unique.ts'

/** Makes up a value that a field takes, and with `long` the longest one; a secret can be recognized by its first letters. */
export function valueFor(name: string, field: Field, { long = false }: { long?: boolean } = {}): unknown {
  switch (field.type) {
    case 'boolean':
      return true
    case 'integer':
      return field.identifier ? uniqueNumber() : (field.minimum ?? 0) + 1
    case 'number':
      return 12.5
    case 'object':
      return bodyFor(field.members, { long })
    case 'string':
      return textFor(name, field, { long })
  }
}

function textFor(name: string, field: Field & { type: 'string' }, { long }: { long: boolean }): string {
  if (field.enum) return field.enum[long ? field.enum.length - 1 : 0] ?? ''
  if (field.format === 'email') return `${unique('a')}@example.com`
  if (field.format) return '2026-01-31T12:00:00Z'
  if (field.pattern) return field.examples?.[0] ?? ''
  const longest = Math.min(field.maxLength ?? 2_000, 2_000)
  const text = `${field.secret ? 'planted-' : ''}${unique(name)}`
  if (long) return text.slice(0, longest).padEnd(longest, 'é')
  const shortest = field.minLength ?? 1
  const slice = text.slice(
    -Math.max(shortest, Math.min(longest, field.identifier || field.secret ? 30 : shortest)),
  )
  return slice.padStart(shortest, 'x')
}

/** Makes up a body of a form with its required fields, and with `long` with all of its fields. */
export function bodyFor(fields: Fields, { long = false }: { long?: boolean } = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, field]) => long || field.required)
      .map(([name, field]) => [name, valueFor(name, field, { long })]),
  )
}

/** Answers a value whose type is wrong for a field. */
export const wrongType = (field: Field): unknown =>
  field.type === 'string' ? 12345 : field.type === 'object' ? 'text' : 'maybe not'
