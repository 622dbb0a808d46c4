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
import { allFields, OVERRIDE, settingsToVerify, settingNames } from './carrier-forms.ts'
import { notClearedNotices, suspectText, type Notice } from '../request/notices.ts'

/** Changes are values by the name that each is stored under; a value that a body clears is `null`. */
export type Changes = { [name: string]: Value | null }

/** Describes the values of a body, sorted by where they are stored. */
export type AcceptedBody = {
  nickname?: string | null
  primary?: boolean
  allowDuplicate?: boolean
  credentials: Secret<Changes>
  settings: Secret<Changes>
  /** `given` lists the wire names of the fields that the body gives. */
  given: readonly string[]
}

/** Checks a body against a form and sorts its values; refuses every bad field at once (400). A required field that the body clears keeps its value, and a notice says so. */
export function acceptBody(
  carrier: Carrier,
  form: Form,
  body: Readonly<Record<string, unknown>>,
): AcceptedBody & { notices: Notice[] } {
  const accepted = validate(form, body)
  if (Array.isArray(accepted)) return failFields(accepted)
  // Without a field that connect requires, nobody could find, list or use the connection: such a field stays, and the answer says so.
  const lasting = accepted.cleared.filter((name) => allFields(carrier)[name]?.required)
  const cleared = accepted.cleared.filter((name) => !lasting.includes(name))
  const notices = [...suspectText(form.fields, accepted.values), ...notClearedNotices(lasting)]
  return { ...sortValues(carrier, form.fields, { ...accepted, cleared }), notices }
}

function sortValues(carrier: Carrier, fields: Fields, { values, cleared }: Accepted): AcceptedBody {
  const kept = { credentials: {} as Changes, settings: {} as Changes }
  const acceptedBody: Partial<AcceptedBody> = {}
  const changes: Changes = { ...values, ...Object.fromEntries(cleared.map((name) => [name, null])) }
  for (const [name, value] of Object.entries(changes)) {
    const field = fields[name]
    switch (field && 'role' in field ? field.role : undefined) {
      case 'nickname':
        acceptedBody.nickname = value as string | null
        break
      case 'primary':
        if (value !== null) acceptedBody.primary = value as boolean
        break
      case 'allow_duplicate':
        acceptedBody.allowDuplicate = value === true
        break
      default: {
        const stored = field?.storedAs ?? name
        kept[settingNames(carrier).has(stored) ? 'settings' : 'credentials'][stored] = value
      }
    }
  }
  return {
    ...acceptedBody,
    credentials: new Secret(kept.credentials),
    settings: new Secret(kept.settings),
    given: Object.keys(values).filter((name) => name !== OVERRIDE),
  }
}

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
