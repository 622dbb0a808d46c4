import type { Fields, LtlCarrier, ParcelCarrier } from '../../catalog/define.ts'
import { allOptional, anyCredentials, group, nickname, optional, text } from '../../catalog/fields.ts'
import { ltlCarriers, parcelCarriers } from '../../catalog/index.ts'
import { formSchema, type JsonSchema } from '../../catalog/forms/json-schema.ts'
import { demandOf } from '../../catalog/forms/field-rules.ts'
import { connectForm, ltlForm } from '../../connections/form/carrier-forms.ts'
import * as schemas from './schemas.ts'

/** Which named schema holds for the body of a route, by a name in its path. */
export type FormMap = { parameter: string; forms: Record<string, { $ref: string }> }

type Named = Record<string, JsonSchema>

type Forms = { named: Named; map: FormMap }

/** The forms of the parcel carriers of one kind: each a schema of its own, and the map that leads to it. */
function formsOf(kind: string, form: (carrier: ParcelCarrier) => JsonSchema | undefined): Forms {
  const named: Named = {}
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

/** An LTL body, which names everything that the carrier may ask for where it takes one of several sets. */
function ltlSchema(carrier: LtlCarrier): JsonSchema {
  const { demands, credentials } = carrier
  const { fields } =
    typeof demands === 'string' ? ltlForm(carrier, {}) : { fields: wrapped(allOptional(credentials)) }
  return { ...formSchema(fields), description: `Credentials: ${demandOf(carrier)}.` }
}

const wrapped = (credentials: Fields): Fields => ({
  credentials: { ...group('Credentials', credentials), required: true },
})

/** The forms of the LTL carriers; those without a form of their own share one. */
function ltlForms(): Forms {
  const named: Named = {}
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

/** Every name that some LTL carrier takes. */
const anyLtl = allOptional(
  ltlCarriers.reduce<Fields>((all, { credentials }) => ({ ...all, ...credentials }), anyCredentials),
)

/**
 * The body of a route whose form is chosen by the path. It names every form without being their union, which would
 * check nothing: `…_forms` has a member for each carrier, so that a typed client picks one by its name.
 */
const chosen = (
  name: string,
  { named, map }: Forms,
  common: JsonSchema = { type: 'object', additionalProperties: true },
): Named => ({
  [name]: {
    ...common,
    description: `The form of the carrier in the path: \`x-hawser-forms\` leads to its schema by the carrier’s name, as \`${name}_forms\` does for generated types.`,
    // Linters want every schema used. This keyword speaks of texts only and says nothing of an object,
    // where `$defs` would become a member in the types of some programs.
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

/** The schemas that the description names: the error envelope and the form of every carrier. */
export function componentSchemas(): Named {
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
