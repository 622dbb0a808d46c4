import { credentialFields } from '../../catalog/credential-fields.ts'
import type { Carrier, Field, Fields, LtlCarrier, ParcelCarrier } from '../../catalog/define.ts'
import { flag, group } from '../../catalog/fields.ts'
import { isEmpty, type Form } from '../../catalog/forms/validate.ts'
import { fail } from '../../errors.ts'

/** The documented override of the duplicate rule: a truth value, or one as text; never stored. */
export const OVERRIDE = 'allow_duplicate_account_number'

const override: Field = {
  ...flag('Allow a second connection of this account'),
  role: 'allow_duplicate',
}

const remember = <C extends object, T>(make: (key: C) => T): ((key: C) => T) => {
  const made = new WeakMap<C, T>()
  return (key) => {
    const known = made.get(key)
    if (known !== undefined) return known
    const value = make(key)
    made.set(key, value)
    return value
  }
}

/** What a connect body of the carrier may say. */
export const connectForm = remember((carrier: ParcelCarrier): Form => ({
  fields: { ...carrier.connect, [OVERRIDE]: override },
  together: carrier.together,
  spellings: carrier.spellings,
}))

/** What an update body of the carrier may say; refuses a carrier that cannot be updated in place. */
export function updateForm({ title, name, update, cannotUpdate, spellings }: ParcelCarrier): Form {
  if (update) return { fields: update, spellings }
  return fail(
    'update_unsupported',
    `The credentials of ${title} cannot be updated in place: ${cannotUpdate}. Disconnect the carrier and connect it again.`,
    { carrierCode: name },
  )
}

/** What a settings body of the carrier may say; refuses a carrier without settings. */
export function settingsForm({ title, name, settings }: ParcelCarrier): Form {
  return settings
    ? { fields: settings }
    : fail('settings_unsupported', `${title} has no settings.`, { carrierCode: name })
}

const required = (fields: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [
      name,
      names.includes(name) ? { ...field, required: true as const } : field,
    ]),
  )

const ltlForms = remember((carrier: LtlCarrier): { names: readonly string[]; fields: Fields }[] => {
  const { credentials, demands } = carrier
  const wrapper = (fields: Fields, more: { atLeast?: 1 } = {}) => ({
    credentials: {
      ...group('Credentials', fields, more),
      ...(demands === 'none' ? {} : { required: true as const }),
    },
  })
  if (typeof demands !== 'string')
    return demands.map((names) => ({ names, fields: wrapper(required(credentials, names)) }))
  return [{ names: [], fields: wrapper(credentials, demands === 'some' ? { atLeast: 1 } : {}) }]
})

/**
 * What an LTL body of the carrier may say: its `credentials`. Where a carrier takes one of several sets,
 * the set is the first that has every name the body gives, or the last.
 */
export function ltlForm(carrier: LtlCarrier, body: Readonly<Record<string, unknown>>): Form {
  const forms = ltlForms(carrier)
  const { credentials } = body
  const members = typeof credentials === 'object' && credentials !== null ? Object.entries(credentials) : []
  const given = members
    .filter(([name, value]) => !isEmpty(value) && Object.hasOwn(carrier.credentials, name))
    .map(([name]) => name)
  const chosen =
    forms.find(({ names }) => names.length === 0 || given.every((name) => names.includes(name))) ??
    forms.at(-1)
  return { fields: chosen?.fields ?? {} }
}

/** Every field that a connection of the carrier can hold, by wire name: connect, then update, then settings. */
export const allFields = remember((carrier: Carrier): Fields => ({
  ...carrier.settings,
  ...carrier.update,
  ...credentialFields(carrier),
}))

/** Names of the settings that the carrier is asked with, so that they stand for an account as its credentials do. */
export const provedSettings = remember((carrier: Carrier): ReadonlySet<string> => {
  const proofs = [carrier.verify, carrier.signIn?.verify]
  const asked = proofs.flatMap((proof) => [...(proof?.needs ?? []), ...(proof?.uses ?? [])])
  return new Set(asked.filter((name) => settingNames(carrier).has(name)))
})

/** Names under which values are kept with the settings and not with the credentials. */
export const settingNames = remember(
  (carrier: Carrier): ReadonlySet<string> =>
    new Set(
      Object.entries(carrier.settings ?? {})
        .filter(([, field]) => !('role' in field && field.role))
        .map(([name, field]) => field.storedAs ?? name),
    ),
)
