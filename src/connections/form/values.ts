import { credentialFields } from '../../catalog/credential-fields.ts'
import type { Carrier, Fields } from '../../catalog/define.ts'
import {
  isEmpty,
  validate,
  type Accepted,
  type Form,
  type Value,
  type Values,
} from '../../catalog/forms/validate.ts'
import { failFields } from '../../errors.ts'
import { Secret } from '../../secret.ts'
import { allFields, OVERRIDE, provedSettings, settingNames } from './carrier-forms.ts'
import { notClearedNotices, suspectText, type Notice } from '../request/notices.ts'

/** Values by the name each is kept under; `null` where a body clears one. */
export type Changes = { [name: string]: Value | null }

/** What a body says, sorted by where it is kept. */
export type Parts = {
  nickname?: string | null
  primary?: boolean
  allowDuplicate?: boolean
  credentials: Secret<Changes>
  settings: Secret<Changes>
  /** Wire names of what the body gives. */
  given: readonly string[]
}

/** Checks a body against a form and sorts what it says; refuses every bad field at once, and leaves out what cannot be cleared. */
export function acceptBody(
  carrier: Carrier,
  form: Form,
  body: Readonly<Record<string, unknown>>,
): Parts & { notices: Notice[] } {
  const accepted = validate(form, body)
  if (Array.isArray(accepted)) return failFields(accepted)
  // Without what connect asks for, nobody could find, list or use the connection: it stays, and the answer says so.
  const lasting = accepted.cleared.filter((name) => allFields(carrier)[name]?.required)
  const cleared = accepted.cleared.filter((name) => !lasting.includes(name))
  const notices = [...suspectText(form.fields, accepted.values), ...notClearedNotices(lasting)]
  return { ...sortValues(carrier, form.fields, { ...accepted, cleared }), notices }
}

function sortValues(carrier: Carrier, fields: Fields, { values, cleared }: Accepted): Parts {
  const kept = { credentials: {} as Changes, settings: {} as Changes }
  const parts: Partial<Parts> = {}
  const changes: Changes = { ...values, ...Object.fromEntries(cleared.map((name) => [name, null])) }
  for (const [name, value] of Object.entries(changes)) {
    const field = fields[name]
    switch (field && 'role' in field ? field.role : undefined) {
      case 'nickname':
        parts.nickname = value as string | null
        break
      case 'primary':
        if (value !== null) parts.primary = value as boolean
        break
      case 'allow_duplicate':
        parts.allowDuplicate = value === true
        break
      default: {
        const stored = field?.storedAs ?? name
        kept[settingNames(carrier).has(stored) ? 'settings' : 'credentials'][stored] = value
      }
    }
  }
  return {
    ...parts,
    credentials: new Secret(kept.credentials),
    settings: new Secret(kept.settings),
    given: Object.keys(values).filter((name) => name !== OVERRIDE),
  }
}

/** Everything that a carrier may be asked about: some of what names an account is kept with the settings. */
export function provable(
  credentials: Readonly<Record<string, unknown>>,
  settings: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return { ...settings, ...credentials }
}

/** What a user of the account needs at the carrier: the credentials, and what connect asks for or the carrier is asked with and is kept with the settings. */
export function usable(carrier: Carrier, credentials: Values, settings: Values): Values {
  const names = new Set([...Object.keys(credentialFields(carrier)), ...provedSettings(carrier)])
  const beside = Object.entries(settings).filter(([name]) => names.has(name))
  return { ...Object.fromEntries(beside), ...credentials }
}

/** The entries that say something, at any depth: an object that is left with nothing goes as what is `null` or `""` does. */
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
