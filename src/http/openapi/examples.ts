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

/** A body for every carrier that takes one under the given name, by the name of its form. */
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

/** Bodies that the operation takes, by name; of a body whose form the path chooses, one for each carrier. */
export function requestExamples(operationId: string, body: { $ref?: unknown }): Examples {
  const form = typeof body.$ref === 'string' ? (body.$ref.split('/').at(-1) ?? '') : ''
  const carriers = Object.keys(forms[form] ?? {})
  return carriers.length > 0
    ? Object.fromEntries(carriers.map((name) => [name, referTo(`${form}_${name}`)]))
    : (recorded.operations[operationId]?.request ?? {})
}

/** What the operation answered when it was done. */
export const answerExamples = (operationId: string, status: string): Examples =>
  recorded.operations[operationId]?.answers[status] ?? {}

/** What a refusal under each of the conditions looks like. */
export const refusalExamples = (names: readonly ConditionName[]): Examples =>
  Object.fromEntries(names.filter((name) => recorded.refusals[name]).map((name) => [name, referTo(name)]))

/** The examples that the description names: of refusals those under these conditions, and all bodies. */
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
