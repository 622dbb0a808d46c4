import type { Fields, LtlCarrier, ParcelCarrier } from '../../catalog/define.ts'
import { allOptional, anyCredentials, group, nickname, optional, text } from '../../catalog/fields.ts'
import { ltlCarriers, parcelCarriers } from '../../catalog/index.ts'
import { formSchema, type JsonSchema } from '../../catalog/forms/json-schema.ts'
import { demandOf } from '../../catalog/forms/field-rules.ts'
import { connectForm, ltlForm } from '../../connections/form/carrier-forms.ts'
import * as schemas from './schemas.ts'

/** A `FormMap` leads from the carrier in the path of a route to the named schema of its body. */
export type FormMap = { parameter: string; forms: Record<string, { $ref: string }> }

type NamedSchema = Record<string, JsonSchema>

type Forms = { named: NamedSchema; map: FormMap }

/** Returns the forms of one kind of all parcel carriers: a named schema for each, and the map that leads to the schemas. */
function formsOf(kind: string, form: (carrier: ParcelCarrier) => JsonSchema | undefined): Forms {
  const named: NamedSchema = {}
  const map: FormMap = { parameter: 'carrier_name', forms: {} }
  for (const carrier of parcelCarriers) {
    const schema = form(carrier)
    if (!schema) continue
    named[`${kind}_${carrier.name}`] = { title: carrier.title, ...schema }
    map.forms[carrier.name] = { $ref: `#/components/schemas/${kind}_${carrier.name}` }
  }
  return { named, map }
}

const connect = formsOf('connect', (carrier) => {
  const { fields, together } = connectForm(carrier)
  return carrier.closed ? undefined : formSchema(fields, together, carrier.spellings)
})
const update = formsOf('update', ({ update, spellings }) => update && formSchema(update, [], spellings))
const settings = formsOf('settings', ({ settings }) => settings && formSchema(settings))

/** Returns the schema of the body of an LTL carrier; where the carrier takes one of several sets of fields, the schema has all of them. */
function ltlSchema(carrier: LtlCarrier): JsonSchema {
  const { demands, credentials } = carrier
  const { fields } =
    typeof demands === 'string' ? ltlForm(carrier, {}) : { fields: wrapped(allOptional(credentials)) }
  return { ...formSchema(fields), description: `Credentials: ${demandOf(carrier)}.` }
}

const wrapped = (credentials: Fields): Fields => ({
  credentials: { ...group('Credentials', credentials), required: true },
})

/** Returns the forms of the LTL carriers; carriers without their own form share one. */
function ltlForms(): Forms {
  const named: NamedSchema = {}
  const map: FormMap = { parameter: 'carrier_code', forms: {} }
  for (const carrier of ltlCarriers.filter(({ closed }) => !closed)) {
    const schema = ltlSchema(carrier)
    const name =
      carrier.form === 'generic' && !hasAdditions(carrier)
        ? 'ltl_generic'
        : `ltl_${carrier.scacs[0].toLowerCase()}`
    named[name] ??= { title: name === 'ltl_generic' ? 'Any LTL carrier' : carrier.title, ...schema }
    for (const scac of carrier.scacs) map.forms[scac] = { $ref: `#/components/schemas/${name}` }
  }
  return { named, map }
}

const hasAdditions = ({ credentials }: LtlCarrier) =>
  Object.values(credentials).some(({ extension }) => extension)

const ltl = ltlForms()

/** `anyLtl` has every field that some LTL carrier takes, all of them optional. */
const anyLtl = allOptional(
  Object.assign({}, anyCredentials, ...ltlCarriers.map(({ credentials }) => credentials)) as Fields,
)

/**
 * Returns the schemas of a body whose form the path chooses. The schema of the body names every form but is not a union of the forms, because a union would
 * check nothing; `…_forms` has a member for each carrier, so that a typed client picks a form by the name of the carrier.
 */
const chosen = (
  name: string,
  { named, map }: Forms,
  common: JsonSchema = { type: 'object', additionalProperties: true },
): NamedSchema => ({
  [name]: {
    ...common,
    description: `The form of the carrier in the path: \`x-hawser-forms\` leads to its schema by the carrier’s name, as \`${name}_forms\` does for generated types.`,
    // Linters demand that every schema is used. The keyword `contentSchema` is about texts only and has no effect on an object,
    // while `$defs` would become a member in the types that some programs generate.
    contentSchema: { $ref: `#/components/schemas/${name}_forms` },
    'x-hawser-forms': map,
  },
  [`${name}_forms`]: {
    type: 'object',
    description: 'A member for each carrier, with the form that it takes; no body is this object.',
    properties: map.forms,
    required: Object.keys(map.forms),
  },
  ...named,
})

/** Returns the schemas that the API description names: the error envelope and the forms of every carrier. */
export function componentSchemas(): NamedSchema {
  return {
    error_envelope: schemas.errorEnvelope,
    ...chosen('connect_carrier', connect),
    ...chosen('update_carrier', update),
    carrier_settings: { anyOf: Object.values(settings.map.forms), 'x-hawser-forms': settings.map },
    ...settings.named,
    ...chosen('ltl_credentials', ltl, formSchema({ credentials: group('Credentials', anyLtl) })),
    ltl_connect: formSchema({
      carrier_code: text('Carrier code'),
      credentials: group('Credentials', anyLtl),
      nickname: optional(nickname()),
    }),
  }
}
