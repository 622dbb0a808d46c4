import { accountKey, accountNumber, staysWithAccount } from '../../catalog/account.ts'
import { isDeepStrictEqual } from 'node:util'
import type { Carrier, Fields } from '../../catalog/define.ts'
import { isBlank, type FieldProblem, type Values } from '../../catalog/forms/validate.ts'
import { failFields } from '../../errors.ts'
import { allFields, provedSettings } from '../form/carrier-forms.ts'
import { losesSignIn, withoutSignIn } from '../sign-in/sign-in-state.ts'
import { withoutCleared, type Changes, type Parts } from '../form/values.ts'

/** What a connection holds before a change, opened. */
export type Held = { nickname: string | null; isPrimary: boolean; credentials: Values; settings: Values }

/** What it will hold, and the wire names of what differs. */
export type Plan = {
  nickname: string | null
  becomesPrimary: boolean
  credentials: Values
  settings: Values
  accountChanged: boolean
  /** Whether the merchant has to sign in at the carrier again. */
  signInLost: boolean
  /** Whether the carrier would be asked with other settings than before. */
  provedOtherwise: boolean
  changed: string[]
}

/**
 * Decides what a change makes of a connection, without touching anything; throws where a rule of the carrier forbids it.
 * `merge` keeps what the body leaves out; `replace` drops it, but for the additions of Hawser while the account stays.
 */
export function planChange(
  carrier: Carrier,
  form: Fields,
  held: Held,
  parts: Parts,
  how: 'merge' | 'replace',
): Plan {
  const settings = merge(held.settings, parts.settings.reveal())
  const given = parts.credentials.reveal()
  const merged = how === 'merge' ? merge(held.credentials, given) : replace(carrier, held.credentials, given)
  const before = accountKey(accountNumber(carrier, held.credentials))
  const accountChanged = before !== accountKey(accountNumber(carrier, merged))
  const credentials =
    accountChanged && how === 'merge' ? withoutSignIn(withoutOldSecrets(carrier, parts, merged)) : merged
  const problems = [
    ...brokenLatches(form, held, parts),
    ...brokenPairs(carrier, credentials),
    ...blankRequired(carrier, form, parts),
    ...(parts.primary === false && held.isPrimary ? [PRIMARY_REFUSED] : []),
    ...(isBlank(parts.nickname) ? [NICKNAME_REQUIRED] : []),
  ]
  if (problems.length > 0) failFields(problems)
  const nickname = parts.nickname ?? held.nickname
  const becomesPrimary = parts.primary === true && !held.isPrimary
  return {
    nickname,
    becomesPrimary,
    credentials,
    settings,
    accountChanged,
    signInLost: losesSignIn(held.credentials, credentials),
    provedOtherwise: [...provedSettings(carrier)].some(
      (name) => !isDeepStrictEqual(held.settings[name], settings[name]),
    ),
    changed: [
      ...(nickname === held.nickname ? [] : ['nickname']),
      ...(becomesPrimary ? ['is_primary_account'] : []),
      ...differences(held.credentials, credentials, form),
      ...differences(held.settings, settings, form),
    ],
  }
}

const merge = (held: Values, changes: Changes): Values => withoutCleared({ ...held, ...changes })

/** The public page replaces the whole set of its own fields and does not know of those that Hawser adds: they stay with their account. */
function replace(carrier: Carrier, held: Values, changes: Changes): Values {
  const replaced = withoutCleared(changes)
  if (!staysWithAccount(carrier, held, replaced)) return replaced
  const fields = allFields(carrier)
  const additions = Object.entries(held).filter(([name]) => fields[name]?.extension)
  return withoutCleared({ ...Object.fromEntries(additions), ...changes })
}

/** An old password is never glued to a new account: optional secrets that the body does not carry go. */
function withoutOldSecrets(carrier: Carrier, parts: Parts, credentials: Values): Values {
  const given = parts.credentials.reveal()
  const old = Object.entries(allFields(carrier))
    .filter(([, field]) => field.secret && !field.required)
    .map(([name, field]) => field.storedAs ?? name)
    .filter((name) => !Object.hasOwn(given, name))
  // What is only given together goes together.
  const pairs = carrier.together ?? []
  for (const [a, b] of pairs)
    for (const [one, other] of [[a, b] as const, [b, a] as const])
      if (old.includes(one) && !Object.hasOwn(given, other)) old.push(other)
  return Object.fromEntries(Object.entries(credentials).filter(([name]) => !old.includes(name)))
}

function brokenLatches(form: Fields, held: Held, parts: Parts): FieldProblem[] {
  const changes = { ...parts.credentials.reveal(), ...parts.settings.reveal() }
  const known = { ...held.credentials, ...held.settings }
  return Object.entries(form)
    .filter(([, field]) => field.type === 'boolean' && field.latch)
    .filter(([name]) => known[name] === true && Object.hasOwn(changes, name) && changes[name] !== true)
    .map(([name]) => ({
      kind: 'invalid',
      field: name,
      message: `${name} cannot be switched off again once it is on.`,
    }))
}

/** A form that does not ask for what connect asked for takes no text for it that shows nothing. */
function blankRequired(carrier: Carrier, form: Fields, parts: Parts): FieldProblem[] {
  const changes = { ...parts.credentials.reveal(), ...parts.settings.reveal() }
  return Object.entries(form)
    .filter(([name, field]) => isBlank(changes[field.storedAs ?? name]) && allFields(carrier)[name]?.required)
    .map(([name]) => ({ kind: 'required', field: name, message: `${name} must not be empty.` }))
}

function brokenPairs(carrier: Carrier, credentials: Values): FieldProblem[] {
  const pairs = carrier.together ?? []
  return pairs.flatMap(([a, b]) => {
    const missing = [a, b].filter((name) => credentials[name] === undefined)
    return missing.length === 1
      ? missing.map((field) => ({
          kind: 'required' as const,
          field,
          message: `${field} is required: ${a} and ${b} go together.`,
        }))
      : []
  })
}

const NICKNAME_REQUIRED: FieldProblem = {
  kind: 'required',
  field: 'nickname',
  message: 'nickname must not be empty.',
}

const PRIMARY_REFUSED: FieldProblem = {
  kind: 'invalid',
  field: 'is_primary_account',
  message: 'is_primary_account cannot be false on the primary connection: make another one primary.',
}

/** The wire names of what differs, though values are kept under names of their own where one wire name means two things. */
export function differences(held: Values, next: Values, form: Fields): string[] {
  const [before, after] = [withoutCleared(held), withoutCleared(next)]
  const wireNames = new Map(Object.entries(form).map(([name, field]) => [field.storedAs ?? name, name]))
  const stored = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return stored
    .filter((name) => !isDeepStrictEqual(before[name], after[name]))
    .map((name) => wireNames.get(name) ?? name)
}
