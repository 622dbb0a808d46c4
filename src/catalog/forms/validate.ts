import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Field, Fields, ObjectField } from '../define.ts'
import { validationSchema, publicNames } from './json-schema.ts'
import { unknownFields, type Owner } from './unknown-fields.ts'

export type Value = string | number | boolean | { [name: string]: Value }
export type Values = { [name: string]: Value }

/** A field problem says what is wrong with one field; `field` is the name of the field in requests, and is absent where the name would repeat input. */
export type FieldProblem = {
  kind: 'required' | 'invalid' | 'length' | 'conflict' | 'terms'
  field?: string
  message: string
}

export type Form = {
  fields: Fields
  together?: readonly (readonly [string, string])[]
  spellings?: Readonly<Record<string, string>>
  owner?: Owner
  beside?: readonly string[]
}

/** An accepted body fits its form; `values` has the values that the body sets, and `cleared` names the optional fields that the body empties with `null` or `""`. */
export type Accepted = { values: Values; cleared: string[] }

/** Checks a body against a form, and returns the accepted body or every problem at once, in the order of the form. */
export function validate(form: Form, body: Readonly<Record<string, unknown>>): Accepted | FieldProblem[] {
  const { respelled, conflicts } = respell(form, body)
  const { given, cleared } = withoutEmpty(form.fields, respelled)
  const check = compiled(form)
  const errors = check(given) ? [] : (check.errors ?? [])
  const unknown = errors.filter(isUnknown).map((error) => [...pathOf(error), error.params.additionalProperty])
  const problems = errors
    .filter((error) => !isUnknown(error))
    .map((error) => describe(form.fields, respelled, error))
  const strangers = unknownFields(form, unknown)
  const all = [...conflicts, ...problems, ...strangers, ...refusedTerms(form.fields, given)]
  return all.length > 0 ? inFieldOrder(form.fields, all) : { values: given as Values, cleared }
}

type Loose = Record<string, unknown>

function respell({ spellings = {}, fields }: Form, body: Readonly<Loose>) {
  const respelled: Loose = { ...body }
  const conflicts: FieldProblem[] = []
  for (const [spelling, target] of Object.entries(spellings)) {
    if (!Object.hasOwn(body, spelling) || Object.hasOwn(fields, spelling)) continue
    const value = body[spelling]
    delete respelled[spelling]
    const [outer = target, inner] = target.split('.')
    if (Object.hasOwn(body, outer))
      conflicts.push({
        kind: 'conflict',
        field: spelling,
        message: `${spelling} and ${outer} say the same thing; send one.`,
      })
    else if (inner === undefined) respelled[outer] = value
    else respelled[outer] = { ...(respelled[outer] as Loose | undefined), [inner]: value }
  }
  return { respelled, conflicts }
}

/**
 * Removes empty values from a body: a field that is `null` or `""`, and a required field whose text shows nothing.
 * A truth value that was sent as text becomes a truth value.
 */
function withoutEmpty(fields: Fields, body: Loose): { given: Loose; cleared: string[] } {
  const given: [name: string, value: unknown][] = []
  const cleared: string[] = []
  for (const [name, sent] of Object.entries(body)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    const value = field ? plainly(field, sent) : sent
    if (field && value === null) cleared.push(name)
    else given.push([name, value])
  }
  // `fromEntries` is used and no assignment, since a member may be named like something that every object has.
  return {
    given: Object.fromEntries(given),
    cleared: cleared.filter((name) => !fields[name]?.required),
  }
}

/** Returns a value as it is checked, and `null` where it is empty. */
function plainly(field: Field, value: unknown): unknown {
  if (isEmpty(value) || (field.required && isBlank(value))) return null
  if (field.type === 'boolean' && field.textual && (value === 'true' || value === 'false'))
    return value === 'true'
  return field.type === 'object' && isObject(value) ? plainMembers(field, value) : value
}

/** Returns the members of an object as they are checked. An object counts as empty where it has no members, or only empty ones; an object that must have members does not. */
function plainMembers({ members, required, atLeast }: ObjectField, value: Loose): Loose | null {
  const { given } = withoutEmpty(members, value)
  if (atLeast && Object.values(given).every(isBlank)) return {}
  const isFree = !required && Object.values(members).every((member) => !member.required)
  return isFree && Object.keys(given).length === 0 ? null : given
}

/** Tells whether a value is empty; an optional field with an empty value is left out at a connect and cleared at an update. */
export const isEmpty = (value: unknown): boolean => value === null || value === ''

/** Tells whether a text shows nothing: empty, or white space and characters without width alone. */
export const isBlank = (value: unknown): boolean =>
  typeof value === 'string' && /^[\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800]*$/u.test(value)

const isObject = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const ajv = addFormats.default(
  new Ajv2020({ allErrors: true, strict: true, ownProperties: true, allowUnionTypes: false, formats: {} }),
  ['email', 'date', 'date-time'],
)
const validators = {
  paired: new WeakMap<Fields, ValidateFunction>(),
  free: new WeakMap<Fields, ValidateFunction>(),
}

/** Returns the compiled schema of a form and compiles the schema at its first use, because compiling every form at the start would be slow, and few installations use every carrier. */
function compiled({ fields, together = [] }: Form): ValidateFunction {
  const cache = together.length > 0 ? validators.paired : validators.free
  const known = cache.get(fields)
  if (known) return known
  const validator = ajv.compile(validationSchema(fields, together))
  cache.set(fields, validator)
  return validator
}

type UnknownMember = ErrorObject<'additionalProperties', { additionalProperty: string }>

const isUnknown = (error: ErrorObject): error is UnknownMember => error.keyword === 'additionalProperties'

const pathOf = ({ instancePath }: ErrorObject): string[] => instancePath.split('/').slice(1)

function describe(fields: Fields, body: Loose, error: ErrorObject): FieldProblem {
  const path = pathOf(error)
  const { missingProperty } = error.params as { missingProperty?: string }
  const full = missingProperty === undefined ? path : [...path, missingProperty]
  const field = full.join('.')
  if (missingProperty !== undefined) {
    const isThere = isBlank(valueAt(body, full))
    return { kind: 'required', field, message: `${field} ${isThere ? 'must not be empty' : 'is required'}.` }
  }
  switch (error.keyword) {
    case 'minProperties':
    case 'not':
      return { kind: 'required', field, message: `${field} must have ${oneOf(fieldAt(fields, path))}.` }
    case 'minLength':
      return {
        kind: 'length',
        field,
        message: `${field} must have at least ${error.params.limit} characters.`,
      }
    case 'maxLength':
      return {
        kind: 'length',
        field,
        message: `${field} must have at most ${error.params.limit} characters.`,
      }
    default:
      return { kind: 'invalid', field, message: `${field} ${expectation(fieldAt(fields, path), error)}.` }
  }
}

const oneOf = (field: Field | undefined) =>
  field?.type === 'object' ? `at least one of ${publicNames(field.members).join(', ')}` : 'a member'

function expectation(field: Field | undefined, error: ErrorObject): string {
  switch (error.keyword) {
    case 'type':
      return (
        { string: 'must be a string', boolean: 'must be true or false', integer: 'must be a whole number' }[
          error.params.type as string
        ] ?? (error.params.type === 'object' ? 'must be an object' : 'must be a number')
      )
    case 'enum':
      if (field?.type === 'boolean') return 'must be true or false'
      return `must be one of ${(error.params.allowedValues as string[]).join(', ')}`
    case 'format':
      if (error.params.format === 'email') return 'must be an e-mail address'
      return field?.type === 'string' && field.format === 'day-or-time'
        ? 'must be a day (YYYY-MM-DD) or a date and time in ISO 8601'
        : 'must be a date and time in ISO 8601'
    case 'minimum':
      return `must not be less than ${error.params.limit}`
    case 'maximum':
      return `must not be more than ${error.params.limit}`
    default:
      if (field?.type !== 'string' || !field.pattern)
        return 'must not hold control characters or broken Unicode'
      return field.examples?.[0]
        ? `must have the form of ${field.examples[0]}`
        : 'does not have the form that it must have'
  }
}

const valueAt = (given: Loose, path: readonly string[]) =>
  path.reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), given)

function fieldAt(fields: Fields, path: readonly string[]): Field | undefined {
  const [name = '', ...rest] = path
  const field = fields[name]
  return rest.length > 0 && field?.type === 'object' ? fieldAt(field.members, rest) : field
}

function refusedTerms(fields: Fields, given: Loose): FieldProblem[] {
  return Object.entries(fields)
    .filter(([name, field]) => field.type === 'boolean' && field.role === 'terms' && given[name] === false)
    .map(([name]) => ({
      kind: 'terms',
      field: name,
      message: `${name} must be true: the carrier’s terms have to be accepted.`,
    }))
}

const SEVERITY: FieldProblem['kind'][] = ['conflict', 'required', 'terms', 'invalid', 'length']

/** Keeps the gravest problem of each field, in the order of the form; problems with unknown fields come last. */
function inFieldOrder(fields: Fields, problems: readonly FieldProblem[]): FieldProblem[] {
  const order = new Map(fieldPaths(fields).map((path, index) => [path, index]))
  const gravest = new Map<string, FieldProblem>()
  for (const problem of problems) {
    const known = gravest.get(problem.field ?? problem.message)
    if (!known || SEVERITY.indexOf(problem.kind) < SEVERITY.indexOf(known.kind))
      gravest.set(problem.field ?? problem.message, problem)
  }
  const place = ({ field }: FieldProblem) =>
    field === undefined ? Infinity : (order.get(field) ?? Number.MAX_SAFE_INTEGER)
  return [...gravest.values()].sort((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)))
}

const fieldPaths = (fields: Fields): string[] =>
  Object.entries(fields).flatMap(([name, field]) =>
    field.type === 'object' ? [name, ...fieldPaths(field.members).map((path) => `${name}.${path}`)] : [name],
  )
