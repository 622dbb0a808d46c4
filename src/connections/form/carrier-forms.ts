import { credentialFields } from '../../catalog/credential-fields.ts'
import type { Carrier, Field, Fields, LtlCarrier, ParcelCarrier } from '../../catalog/define.ts'
import { flag, group } from '../../catalog/fields.ts'
import { isEmpty, type Form } from '../../catalog/forms/validate.ts'
import { fail } from '../../errors.ts'

/** This documented field of a body allows a duplicate. The value is `true` or `false`, also as text, and is never stored. */
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

/** Returns the form of the carrier’s connect body. */
export const connectForm = remember((carrier: ParcelCarrier): Form => ({
  fields: { ...carrier.connect, [OVERRIDE]: override },
  together: carrier.together,
  spellings: carrier.spellings,
}))

/** Returns the form of the carrier’s update body; refuses a carrier that cannot be updated in place. */
export function updateForm({ title, name, update, cannotUpdate, spellings }: ParcelCarrier): Form {
  if (update) return { fields: update, spellings }
  return fail(
    'update_unsupported',
    `The credentials of ${title} cannot be updated in place: ${cannotUpdate}. Disconnect the carrier and connect it again.`,
    { carrierCode: name },
  )
}

/** Returns the form of the carrier’s settings body; refuses a carrier without settings. */
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
 * Returns the form of the carrier’s LTL body, which has the member `credentials`. Where a carrier takes one of several sets,
 * the form is that of the first set that has every name the body gives, or else that of the last set.
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

/** Returns every field that a connection of the carrier can hold, by wire name; of several with one name, the field of connect counts first, then that of update, then that of settings. */
export const allFields = remember((carrier: Carrier): Fields => ({
  ...carrier.settings,
  ...carrier.update,
  ...credentialFields(carrier),
}))

/** Returns the names of the settings that the carrier is asked with; such a setting identifies an account as its credentials do. */
export const settingsToVerify = remember((carrier: Carrier): ReadonlySet<string> => {
  const recipes = [carrier.verify, carrier.signIn?.verify]
  const asked = recipes.flatMap((verification) => [
    ...(verification?.needs ?? []),
    ...(verification?.uses ?? []),
  ])
  return new Set(asked.filter((name) => settingNames(carrier).has(name)))
})

/** Returns the names under which values are stored with the settings and not with the credentials. */
export const settingNames = remember(
  (carrier: Carrier): ReadonlySet<string> =>
    new Set(
      Object.entries(carrier.settings ?? {})
        .filter(([, field]) => !('role' in field && field.role))
        .map(([name, field]) => field.storedAs ?? name),
    ),
)
