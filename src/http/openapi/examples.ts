import { exampleBody } from '../../catalog/forms/example-body.ts'
import { ltlCarriers, parcelCarriers } from '../../catalog/index.ts'
import { publicNames } from '../../catalog/forms/json-schema.ts'
import { conditions, type ConditionName } from '../../errors.ts'
import recording from './examples.json' with { type: 'json' }

type Example = { summary: string; value: unknown }
type Examples = Record<string, Example | { $ref: string }>
type Recorded = {
  operations: Record<string, { request?: Examples; answers: Record<string, Examples> }>
  refusals: Record<string, { status: number; body: unknown }>
}

const recorded: Recorded = recording

/** `forms` has, by the name of a form, an example body for every carrier that takes this form. */
const forms: Record<string, Record<string, Example>> = {
  connect_carrier: {},
  update_carrier: {},
  carrier_settings: {},
  ltl_credentials: {},
}
for (const { name, title, closed, connect, update, settings } of parcelCarriers) {
  const add = (form: string, fields: typeof update) => {
    if (fields) forms[form]![name] = { summary: title, value: exampleBody(fields) }
  }
  if (!closed) add('connect_carrier', connect)
  add('update_carrier', update)
  add('carrier_settings', settings)
}
for (const { scacs, title, closed, sandbox, credentials, demands } of ltlCarriers) {
  if (closed || sandbox) continue
  const all = publicNames(credentials)
  const names =
    typeof demands === 'string' ? (demands === 'all' ? all : all.slice(0, 2)) : (demands[0] ?? all)
  const shown = Object.fromEntries(
    names.map((name) => [name, { ...credentials[name]!, required: true as const }]),
  )
  forms.ltl_credentials![scacs[0]] = { summary: title, value: { credentials: exampleBody(shown) } }
}

const referTo = (name: string) => ({ $ref: `#/components/examples/${name}` })

/** Returns example bodies that an operation takes, by name; where the path chooses the form, there is one for each carrier. */
export function requestExamples(operationId: string, body: { $ref?: unknown }): Examples {
  const form = typeof body.$ref === 'string' ? (body.$ref.split('/').at(-1) ?? '') : ''
  const carriers = Object.keys(forms[form] ?? {})
  return carriers.length > 0
    ? Object.fromEntries(carriers.map((name) => [name, referTo(`${form}_${name}`)]))
    : (recorded.operations[operationId]?.request ?? {})
}

/** Returns recorded answers of an operation with the status. */
export const answerExamples = (operationId: string, status: string): Examples =>
  recorded.operations[operationId]?.answers[status] ?? {}

/** Returns a reference to an example of a refusal under each of the conditions. */
export const refusalExamples = (names: readonly ConditionName[]): Examples =>
  Object.fromEntries(names.filter((name) => recorded.refusals[name]).map((name) => [name, referTo(name)]))

/** Returns the named examples of the API description: the refusals under the conditions, and all bodies. */
export function exampleComponents(names: ReadonlySet<ConditionName>): Record<string, Example> {
  const refusals = [...names].flatMap((name) => {
    const refusal = recorded.refusals[name]
    return refusal ? [[name, { summary: conditions[name].when, value: refusal.body }]] : []
  })
  const bodies = Object.entries(forms).flatMap(([form, carriers]) =>
    Object.entries(carriers).map(([name, example]) => [`${form}_${name}`, example]),
  )
  return Object.fromEntries([...refusals, ...bodies]) as Record<string, Example>
}
