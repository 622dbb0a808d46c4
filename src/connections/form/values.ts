import { credentialFields } from '../../catalog/credential-fields.ts'
import type { Carrier } from '../../catalog/define.ts'
import { isEmpty, type Value, type Values } from '../../catalog/forms/validate.ts'
import { settingsToVerify } from './carrier-forms.ts'

/** Changes are values by the name that each is stored under; a value that a body clears is `null`. */
export type Changes = { [name: string]: Value | null }

/** Returns every value that a carrier may be asked about; some values that name an account are stored with the settings. */
export function valuesToVerify(
  credentials: Readonly<Record<string, unknown>>,
  settings: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return { ...settings, ...credentials }
}

/** Returns the values that a user of the account needs at the carrier: the credentials, and those settings that connect asks for or that the carrier is asked with. */
export function valuesToUse(carrier: Carrier, credentials: Values, settings: Values): Values {
  const names = new Set([...Object.keys(credentialFields(carrier)), ...settingsToVerify(carrier)])
  const beside = Object.entries(settings).filter(([name]) => names.has(name))
  return { ...Object.fromEntries(beside), ...credentials }
}

/** Returns the entries that are not empty, at any depth; an object that is left without entries is removed, as `null` and `""` are. */
export function withoutCleared(changes: Changes): Values {
  return Object.fromEntries(
    Object.entries(changes).flatMap(([name, value]) => {
      const left = typeof value === 'object' && value !== null ? withoutCleared(value) : value
      return saysNothing(left) ? [] : [[name, left]]
    }),
  ) as Values
}

const saysNothing = (value: Value | null) =>
  isEmpty(value) || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
