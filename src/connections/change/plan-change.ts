import { accountKey, accountNumber, staysWithAccount } from '../../catalog/account.ts'
import { isDeepStrictEqual } from 'node:util'
import type { Carrier, Fields } from '../../catalog/define.ts'
import { isBlank, type FieldProblem, type Values } from '../../catalog/forms/validate.ts'
import { failFields } from '../../errors.ts'
import { allFields, settingsToVerify } from '../form/carrier-forms.ts'
import { losesSignIn, withoutSignIn } from '../sign-in/sign-in-state.ts'
import type { AcceptedBody } from '../form/accept-body.ts'
import { withoutCleared, type Changes } from '../form/values.ts'

/** Describes the opened contents of a connection before a change. */
export type OpenedConnection = {
  nickname: string | null
  isPrimary: boolean
  credentials: Values
  settings: Values
}

/** A plan describes the contents of a connection after a change, and names in `changed` the fields that differ, by wire name. */
export type Plan = {
  nickname: string | null
  becomesPrimary: boolean
  credentials: Values
  settings: Values
  accountChanged: boolean
  /** `signInLost` is true where the merchant has to sign in at the carrier again. */
  signInLost: boolean
  /** `verifiesOtherwise` is true where the carrier would be asked with other settings than before. */
  verifiesOtherwise: boolean
  changed: string[]
}

/**
 * Plans what a change makes of a connection, without any effect; throws where a rule of the carrier forbids the change.
 * `merge` keeps the values that the body leaves out; `replace` drops them, but keeps those of the fields that Hawser adds while the account stays the same.
 */
export function planChange(
  carrier: Carrier,
  held: OpenedConnection,
  { form, acceptedBody, how }: { form: Fields; acceptedBody: AcceptedBody; how: 'merge' | 'replace' },
): Plan {
  const settings = merge(held.settings, acceptedBody.settings.reveal())
  const given = acceptedBody.credentials.reveal()
  const merged = how === 'merge' ? merge(held.credentials, given) : replace(carrier, held.credentials, given)
  const before = accountKey(accountNumber(carrier, held.credentials))
  const accountChanged = before !== accountKey(accountNumber(carrier, merged))
  const credentials =
    accountChanged && how === 'merge'
      ? withoutSignIn(withoutOldSecrets(carrier, acceptedBody, merged))
      : merged
  const problems = [
    ...brokenLatches(form, held, acceptedBody),
    ...brokenPairs(carrier, credentials),
    ...blankRequired(carrier, form, acceptedBody),
    ...(acceptedBody.primary === false && held.isPrimary ? [PRIMARY_REFUSED] : []),
    ...(isBlank(acceptedBody.nickname) ? [NICKNAME_REQUIRED] : []),
  ]
  if (problems.length > 0) failFields(problems)
  const nickname = acceptedBody.nickname ?? held.nickname
  const becomesPrimary = acceptedBody.primary === true && !held.isPrimary
  return {
    nickname,
    becomesPrimary,
    credentials,
    settings,
    accountChanged,
    signInLost: losesSignIn(held.credentials, credentials),
    verifiesOtherwise: [...settingsToVerify(carrier)].some(
      (name) => !isDeepStrictEqual(held.settings[name], settings[name]),
    ),
    changed: [
      ...(nickname === held.nickname ? [] : ['nickname']),
      ...(becomesPrimary ? ['is_primary_account'] : []),
      ...listDifferences(held.credentials, credentials, form),
      ...listDifferences(held.settings, settings, form),
    ],
  }
}

const merge = (held: Values, changes: Changes): Values => withoutCleared({ ...held, ...changes })

/** Replaces the whole documented set of fields. The fields that Hawser adds are not in the carrier’s public form, and keep their values while the account stays the same. */
function replace(carrier: Carrier, held: Values, changes: Changes): Values {
  const replaced = withoutCleared(changes)
  if (!staysWithAccount(carrier, held, replaced)) return replaced
  const fields = allFields(carrier)
  const additions = Object.entries(held).filter(([name]) => fields[name]?.extension)
  return withoutCleared({ ...Object.fromEntries(additions), ...changes })
}

/** Removes every optional secret that the body does not carry, so that an old password is never combined with a new account. */
function withoutOldSecrets(carrier: Carrier, acceptedBody: AcceptedBody, credentials: Values): Values {
  const given = acceptedBody.credentials.reveal()
  const old = Object.entries(allFields(carrier))
    .filter(([, field]) => field.secret && !field.required)
    .map(([name, field]) => field.storedAs ?? name)
    .filter((name) => !Object.hasOwn(given, name))
  // Fields that can only be given together are removed together.
  const pairs = carrier.together ?? []
  for (const [a, b] of pairs)
    for (const [one, other] of [[a, b] as const, [b, a] as const])
      if (old.includes(one) && !Object.hasOwn(given, other)) old.push(other)
  return Object.fromEntries(Object.entries(credentials).filter(([name]) => !old.includes(name)))
}

function brokenLatches(form: Fields, held: OpenedConnection, acceptedBody: AcceptedBody): FieldProblem[] {
  const changes = { ...acceptedBody.credentials.reveal(), ...acceptedBody.settings.reveal() }
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

/** Returns a problem for every field that connect requires and that the body gives as a blank text, where the form itself does not require the field. */
function blankRequired(carrier: Carrier, form: Fields, acceptedBody: AcceptedBody): FieldProblem[] {
  const changes = { ...acceptedBody.credentials.reveal(), ...acceptedBody.settings.reveal() }
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

/** Returns the wire names of the values that differ. Values are stored under other names where one wire name means two things. */
export function listDifferences(held: Values, next: Values, form: Fields): string[] {
  const before = withoutCleared(held)
  const after = withoutCleared(next)
  const wireNames = new Map(Object.entries(form).map(([name, field]) => [field.storedAs ?? name, name]))
  const stored = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return stored
    .filter((name) => !isDeepStrictEqual(before[name], after[name]))
    .map((name) => wireNames.get(name) ?? name)
}
