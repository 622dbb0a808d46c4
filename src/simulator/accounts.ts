import { credentialFields } from '../catalog/credential-fields.ts'
import { findCarrierById } from '../catalog/find-carrier.ts'
import type { SimulatedAccount } from './define.ts'

/** Accounts hold, for each carrier, the accounts that the simulated carrier knows; no value of an account is ever shown. */
export type Accounts = Readonly<{
  of: (carrierId: string) => readonly SimulatedAccount[]
  /** `register` makes these credentials right for their account: with `only` in place of the account's earlier credentials, and with `beside` in addition to them. */
  register: (carrierId: string, credentials: SimulatedAccount['values'], how: 'only' | 'beside') => void
  /** `missing` lists the names of the values that the credentials lack before this carrier can be asked about them. */
  missing: (carrierId: string, credentials: SimulatedAccount['values']) => readonly string[]
}>

/** Opens accounts; at first no simulated carrier knows any account. */
export function openAccounts(): Accounts {
  const known = new Map<string, { identity: string; account: SimulatedAccount }[]>()
  return {
    of: (carrierId) => (known.get(carrierId) ?? []).map(({ account }) => account),
    missing: (carrierId, credentials) => {
      const { needs = [], operator = [] } = findCarrierById(carrierId)?.verify ?? {}
      return [...needs, ...operator].filter((name) => !isSet(credentials[name]))
    },
    register: (carrierId, credentials, how) => {
      const entry = { identity: identityOf(carrierId, credentials), account: sort(carrierId, credentials) }
      const others = (known.get(carrierId) ?? []).filter(
        ({ identity }) => how === 'beside' || identity !== entry.identity,
      )
      known.set(carrierId, [...others, entry])
    },
  }
}

const isSet = (value: unknown) => typeof value === 'number' || (typeof value === 'string' && value !== '')

/** Separates the merchant's values from the operator's values; both are given together, and an operator's value is known by its name. */
function sort(carrierId: string, credentials: SimulatedAccount['values']): SimulatedAccount {
  const names = new Set(findCarrierById(carrierId)?.verify?.operator)
  const entries = Object.entries(credentials)
  return {
    values: Object.fromEntries(entries.filter(([name]) => !names.has(name))),
    operator: Object.fromEntries(
      entries.flatMap(([name, value]) => (names.has(name) ? [[name, String(value)] as const] : [])),
    ),
  }
}

/** Returns the values of the fields that tell one account from another, as one text. */
function identityOf(carrierId: string, credentials: SimulatedAccount['values']): string {
  const carrier = findCarrierById(carrierId)
  const fields = carrier ? credentialFields(carrier) : {}
  const names = Object.keys(fields).filter((name) => fields[name]?.identifier)
  return JSON.stringify(names.map((name) => credentials[name] ?? null))
}
