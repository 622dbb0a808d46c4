import type { Carrier, Fields } from '../catalog/define.ts'
import { isBlank, validate, type Accepted, type Form, type Value, type Values } from '../catalog/validate.ts'
import { failFields } from '../errors.ts'
import { Secret } from '../secret.ts'
import { OVERRIDE, provedSettings, settingNames } from './forms.ts'
import { suspectText, type Notice } from './notices.ts'

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

/** Checks a body against a form and sorts what it says; refuses every bad field at once. */
export function acceptBody(
  carrier: Carrier,
  form: Form,
  body: Readonly<Record<string, unknown>>,
): Parts & { notices: Notice[] } {
  const accepted = validate(form, body)
  if (Array.isArray(accepted)) return failFields(accepted)
  return { ...sortValues(carrier, form.fields, accepted), notices: suspectText(form.fields, accepted.values) }
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
  const asked = carrier.mode === 'parcel' ? Object.keys(carrier.connect) : []
  const names = new Set([...asked, ...provedSettings(carrier)])
  const beside = Object.entries(settings).filter(([name]) => names.has(name))
  return { ...Object.fromEntries(beside), ...credentials }
}

/** The account at the carrier that these credentials are for: the first identifier that is set, as text. */
export function accountNumber(
  carrier: Carrier,
  credentials: Readonly<Record<string, unknown>>,
): string | null {
  const set = identifiersOf(carrier)
    .map((name) => credentials[name])
    .find((value) => value !== undefined && value !== null)
  return typeof set === 'string' || typeof set === 'number' ? `${set}` : null
}

function identifiersOf(carrier: Carrier): string[] {
  const fields = carrier.mode === 'ltl' ? carrier.credentials : carrier.connect
  return Object.keys(fields).filter((name) => fields[name]?.identifier)
}

/** Tells whether two sets of credentials name one account, by the first identifier that both have; those without any name no other. */
export function isSameAccount(carrier: Carrier, one: Values, other: Values): boolean {
  const keyIn = (values: Values, name: string) => accountKey(accountNumber(carrier, { [name]: values[name] }))
  const names = identifiersOf(carrier)
  const shared = names.find((name) => keyIn(one, name) !== null && keyIn(other, name) !== null)
  if (shared === undefined) return names.every((name) => keyIn(one, name) === keyIn(other, name))
  return keyIn(one, shared) === keyIn(other, shared)
}

/** What two spellings of one account have in common: no outer white space, one letter case (`ß` as `SS`); `null` where there is nothing to see. */
export function accountKey(account: string | null): string | null {
  if (account === null || isBlank(account)) return null
  return account.trim().toUpperCase().toLowerCase()
}

/** The entries that are not `null`. */
export function withoutCleared(changes: Changes): Values {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== null)) as Values
}
