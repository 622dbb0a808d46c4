import type { Field, Fields, TextField } from './define.ts'
import { LONGEST_TEXT } from './fields.ts'

export type JsonSchema = { [keyword: string]: unknown }

/** Text without control characters (C0, DEL, C1) and without lone surrogates. */
export const PLAIN_TEXT = '^[^\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff]*$'

/**
 * The JSON Schema (2020-12) of a form: closed, in the form's order, each secret marked `writeOnly`.
 * It is what bodies are validated with, and what the API description, the catalog and forms show.
 */
export function formSchema(
  fields: Fields,
  together: readonly (readonly [string, string])[] = [],
): JsonSchema {
  const required = Object.keys(fields).filter((name) => fields[name]?.required)
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, fieldSchema(field)])),
    ...(required.length > 0 ? { required } : {}),
    ...(together.length > 0
      ? {
          dependentRequired: Object.fromEntries(
            together.flatMap(([a, b]) => [
              [a, [b]],
              [b, [a]],
            ]),
          ),
        }
      : {}),
    additionalProperties: false,
  }
}

const EXTENSION = 'An addition of Hawser: the public form does not have it. Without it nothing is verified.'

function fieldSchema(field: Field): JsonSchema {
  return {
    title: field.label,
    ...typeSchema(field),
    ...(field.secret ? { writeOnly: true } : {}),
    ...(field.extension ? { description: EXTENSION } : {}),
    ...(field.deprecated ? { deprecated: true } : {}),
    ...(field.examples ? { examples: field.examples } : {}),
  }
}

function typeSchema(field: Field): JsonSchema {
  switch (field.type) {
    case 'object':
      return { ...formSchema(field.members), ...(field.atLeast ? oneOf(field.members) : {}) }
    case 'boolean':
      return { type: 'boolean' }
    case 'integer':
    case 'number':
      return { type: field.type, ...bounds(field) }
    case 'string':
      if (field.enum) return { type: 'string', enum: field.enum }
      return {
        type: 'string',
        minLength:
          field.minLength ?? (field.required || field.secret || field.identifier || field.role ? 1 : 0),
        maxLength: field.maxLength ?? LONGEST_TEXT,
        ...formatSchema(field),
        pattern: field.pattern ?? PLAIN_TEXT,
      }
  }
}

function formatSchema({ format }: TextField): JsonSchema {
  if (format !== 'day-or-time') return format ? { format } : {}
  return { anyOf: ['date', 'date-time'].map((one) => ({ type: 'string', format: one })) }
}

/** The names of a form that the carrier's public form has too. */
export const publicNames = (fields: Fields): string[] =>
  Object.keys(fields).filter((name) => !fields[name]?.extension)

function oneOf(members: Fields): JsonSchema {
  const additions = Object.keys(members).filter((name) => members[name]?.extension)
  return additions.length === 0
    ? { minProperties: 1 }
    : { not: { type: 'object', propertyNames: { enum: additions } } }
}

function bounds({ minimum, maximum }: { minimum?: number; maximum?: number }): JsonSchema {
  return { ...(minimum === undefined ? {} : { minimum }), ...(maximum === undefined ? {} : { maximum }) }
}
