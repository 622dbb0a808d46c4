import { credentialFields } from './credential-fields.ts'
import type { Carrier } from './define.ts'
import { isBlank, type Values } from './forms/validate.ts'

/** Returns the account at the carrier that these credentials are for: the first identifier that is set, as text, or `null` where none is set. */
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
  const fields = credentialFields(carrier)
  return Object.keys(fields).filter((name) => fields[name]?.identifier)
}

/**
 * Tells whether the given credentials belong to the same account as the stored ones, `held`. The first identifier that both have decides, and where there is none the first login field that both have.
 * Given credentials that name no account belong to the same account; given credentials that name an account only by fields that are not stored belong to another.
 */
export function staysWithAccount(carrier: Carrier, held: Values, given: Values): boolean {
  const keyIn = (values: Values, name: string) => {
    const value = values[name]
    return accountKey(typeof value === 'string' || typeof value === 'number' ? `${value}` : null)
  }
  const named = [...identifiersOf(carrier), ...loginsOf(carrier)].filter(
    (name) => keyIn(given, name) !== null,
  )
  const shared = named.find((name) => keyIn(held, name) !== null)
  return shared === undefined ? named.length === 0 : keyIn(held, shared) === keyIn(given, shared)
}

/** Lists the login fields of the carrier; login fields tell accounts apart where no identifier does. */
function loginsOf(carrier: Carrier): string[] {
  const fields = credentialFields(carrier)
  const logins = carrier.verify ? ['username', carrier.verify.login] : ['username']
  return logins.filter((name) => Object.hasOwn(fields, name))
}

/** Returns one text for all spellings of an account, without outer white space and in one letter case (`ß` counts as `SS`); returns `null` where nothing of the text can be seen. */
export function accountKey(account: string | null): string | null {
  if (account === null || isBlank(account)) return null
  return account.trim().toUpperCase().toLowerCase()
}
