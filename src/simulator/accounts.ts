import { findCarrierById } from '../catalog/find-carrier.ts'
import type { Account } from './define.ts'

type Values = Readonly<Record<string, unknown>>

/** The accounts that simulated carriers know, by carrier; what they hold is never told. */
export type Accounts = Readonly<{
  of: (carrierId: string) => readonly Account[]
  /** Makes these credentials right for their account: the only ones, or beside those that are right already. */
  register: (carrierId: string, credentials: Values, how: 'only' | 'beside') => void
  /** What would be missing from credentials for this carrier to prove them. */
  missing: (carrierId: string, credentials: Values) => readonly string[]
}>

/** Carriers that know nobody yet. */
export function openAccounts(): Accounts {
  const known = new Map<string, { identity: string; account: Account }[]>()
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

/** What the operator holds is given with the rest, and known by its name. */
function sort(carrierId: string, credentials: Values): Account {
  const names = new Set(findCarrierById(carrierId)?.verify?.operator)
  const entries = Object.entries(credentials)
  return {
    values: Object.fromEntries(entries.filter(([name]) => !names.has(name))),
    operator: Object.fromEntries(
      entries.flatMap(([name, value]) => (names.has(name) ? [[name, String(value)] as const] : [])),
    ),
  }
}

/** The values of the fields that tell one account from another. */
function identityOf(carrierId: string, credentials: Values): string {
  const carrier = findCarrierById(carrierId)
  const fields = carrier?.mode === 'ltl' ? carrier.credentials : (carrier?.connect ?? {})
  const names = Object.keys(fields).filter((name) => fields[name]?.identifier)
  return JSON.stringify(names.map((name) => credentials[name] ?? null))
}
