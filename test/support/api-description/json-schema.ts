/** Writes a schema of OpenAPI 3.0 in the terms of JSON Schema. */
export function toJsonSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toJsonSchema)
  if (typeof value !== 'object' || value === null) return value
  const { nullable, exclusiveMinimum, ...rest } = value as Record<string, unknown>
  delete rest.additionalProperties
  const schema = Object.fromEntries(Object.entries(rest).map(([name, inner]) => [name, toJsonSchema(inner)]))
  if (exclusiveMinimum === true) Object.assign(schema, { exclusiveMinimum: rest.minimum })
  return nullable === true ? { anyOf: [schema, { type: 'null' }] } : schema
}
