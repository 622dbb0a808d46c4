import { credentialFields } from './credential-fields.ts'
import type { Carrier } from './define.ts'
import { isBlank, type Values } from './forms/validate.ts'

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
  const fields = credentialFields(carrier)
  return Object.keys(fields).filter((name) => fields[name]?.identifier)
}

/**
 * Tells whether credentials that are given are of the account that is held: by the first name of an account that both have,
 * an identifier before what somebody logs in with. Those that name no account are of the same one; those that name it only by what is not held are of another.
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

/** Lists the fields that somebody logs in with at the carrier; they tell accounts apart where no identifier does. */
function loginsOf(carrier: Carrier): string[] {
  const fields = credentialFields(carrier)
  const logins = carrier.verify ? ['username', carrier.verify.login] : ['username']
  return logins.filter((name) => Object.hasOwn(fields, name))
}

/** Returns the form that all spellings of one account have in common, without outer white space and in one letter case (`ß` as `SS`); `null` where the text has nothing to see. */
export function accountKey(account: string | null): string | null {
  if (account === null || isBlank(account)) return null
  return account.trim().toUpperCase().toLowerCase()
}
