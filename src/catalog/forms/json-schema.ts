import type { Field, Fields, TextField } from '../define.ts'
import { LONGEST_TEXT } from '../fields.ts'

export type JsonSchema = { [keyword: string]: unknown }

type Pairs = readonly (readonly [string, string])[]
type Spellings = Readonly<Record<string, string>>

/** A `SchemaPurpose` says what a schema of a form is for: `validate` is for checking bodies, and `show` is for readers, so that a schema to show has to mean the same to every reader of JSON Schema. */
type SchemaPurpose = 'validate' | 'show'

/** Matches a text without control characters (C0, DEL, C1) and without lone surrogates. */
const PLAIN_TEXT = '^[^\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff]*$'

/** Matches a text without control characters; lone surrogates pass, since not every engine of regular expressions can name them and few programs can send them. */
export const SHOWN_TEXT = '^[^\\x00-\\x1f\\x7f-\\x9f]*$'

/**
 * Builds the JSON Schema (2020-12) of a form as the API description and the catalog show it: closed, in the form's order,
 * with each secret marked `writeOnly`, with `null` wherever it is accepted, and with every spelling that is accepted.
 */
export function formSchema(fields: Fields, together: Pairs = [], spellings: Spellings = {}): JsonSchema {
  const { properties, ...rest } = objectSchema(fields, together, 'show')
  const others = Object.entries(spellings).flatMap(([spelling, target]) => {
    const field = fieldAt(fields, target.split('.'))
    if (Object.hasOwn(fields, spelling) || !field) return []
    const { title: _title, ...schema } = fieldSchema(optionally(field), 'show')
    return [[spelling, { ...schema, description: `Another spelling of \`${target}\`; send one of them.` }]]
  })
  const all = { ...(properties as object), ...(Object.fromEntries(others) as object) }
  return { type: 'object', properties: all, ...rest }
}

/** Builds the JSON Schema by which the body of a form is checked; members that are `null` have been taken out of the body before. */
export function validationSchema(fields: Fields, together: Pairs = []): JsonSchema {
  return objectSchema(fields, together, 'validate')
}

function objectSchema(fields: Fields, together: Pairs, purpose: SchemaPurpose): JsonSchema {
  const required = Object.keys(fields).filter((name) => fields[name]?.required)
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [name, fieldSchema(field, purpose)]),
    ),
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

/** Describes in words those rules of a field that a schema cannot state without confusing the programs that read the schema. */
function described(field: Field): { description?: string } {
  const least = field.type === 'string' && !field.required ? (field.minLength ?? 0) : 0
  const words = [
    field.extension && EXTENSION,
    least > 1 && `At least ${least} characters, or empty, which means \`null\`.`,
    field.type === 'string' && field.format === 'day-or-time' && 'A day, or a date and time with its offset.',
    field.type === 'boolean' && field.latch && 'Once `true`, it cannot be switched off again.',
  ].filter(Boolean)
  return words.length > 0 ? { description: words.join(' ') } : {}
}

const EXTENSION = 'An addition of Hawser: the public form does not have it. Without it nothing is verified.'

function fieldSchema(field: Field, purpose: SchemaPurpose): JsonSchema {
  const schema = typeSchema(field, purpose)
  return {
    title: field.label,
    ...(purpose === 'show' && !field.required ? orNull(schema) : schema),
    ...(field.secret ? { writeOnly: true } : {}),
    ...(purpose === 'show' ? described(field) : {}),
    ...(field.deprecated ? { deprecated: true } : {}),
    ...(field.examples ? { examples: field.examples } : {}),
  }
}

/** Widens a schema so that `null` fits it too. */
function orNull(schema: JsonSchema): JsonSchema {
  const { type, enum: values } = schema
  return {
    ...schema,
    type: [type, 'null'],
    ...(Array.isArray(values) ? { enum: [...(values as unknown[]), null] } : {}),
  }
}

function typeSchema(field: Field, purpose: SchemaPurpose): JsonSchema {
  switch (field.type) {
    case 'object':
      return {
        ...objectSchema(field.members, [], purpose),
        ...(field.atLeast ? oneOf(field.members, purpose) : {}),
      }
    case 'boolean':
      return { type: 'boolean' }
    case 'integer':
    case 'number':
      return { type: field.type, ...bounds(field) }
    case 'string':
      if (field.enum) return { type: 'string', enum: field.enum }
      return {
        type: 'string',
        ...shortest(field, purpose),
        maxLength: field.maxLength ?? LONGEST_TEXT,
        ...formatSchema(field, purpose),
        pattern: field.pattern ?? (purpose === 'validate' ? PLAIN_TEXT : SHOWN_TEXT),
      }
  }
}

function formatSchema({ format }: TextField, purpose: SchemaPurpose): JsonSchema {
  if (format !== 'day-or-time') return format ? { format } : {}
  if (purpose === 'show') return {}
  return { anyOf: ['date', 'date-time'].map((one) => ({ type: 'string', format: one })) }
}

/** Returns the minimum length of a text; a schema to show has no minimum for an optional field, since an empty text means `null` in such a field. */
function shortest(field: TextField, purpose: SchemaPurpose): JsonSchema {
  if (purpose === 'show' && !field.required) return {}
  const needsOne = field.required || field.secret || field.identifier || field.role
  return { minLength: field.minLength ?? (needsOne ? 1 : 0) }
}

const optionally = (field: Field): Field => {
  const { required: _required, ...rest } = field
  return rest
}

function fieldAt(fields: Fields, [name = '', ...rest]: readonly string[]): Field | undefined {
  const field = fields[name]
  return rest.length > 0 && field?.type === 'object' ? fieldAt(field.members, rest) : field
}

/** Lists the names of a form that the carrier's public form has too. */
export const publicNames = (fields: Fields): string[] =>
  Object.keys(fields).filter((name) => !fields[name]?.extension)

function oneOf(members: Fields, purpose: SchemaPurpose): JsonSchema {
  const additions = Object.keys(members).filter((name) => members[name]?.extension)
  // The schema that is shown avoids `not`, which programs that generate clients do not know.
  return additions.length === 0 || purpose === 'show'
    ? { minProperties: 1 }
    : { not: { type: 'object', propertyNames: { enum: additions } } }
}

function bounds({ minimum, maximum }: { minimum?: number; maximum?: number }): JsonSchema {
  return { ...(minimum === undefined ? {} : { minimum }), ...(maximum === undefined ? {} : { maximum }) }
}
