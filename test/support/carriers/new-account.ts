import type { Carrier, LtlCarrier } from '../../../src/catalog/define.ts'
import { unique } from '../unique.ts'
import { bodyFor, valueFor } from './generate-body.ts'

const leastOf = ({ demands, credentials }: LtlCarrier) =>
  typeof demands !== 'string' ? (demands[0] ?? []) : Object.keys(credentials).slice(0, 1)

/** Makes up credentials that nobody has used, with the fields that a carrier requires and those that a verification needs. */
export function newAccount(carrier: Carrier): Record<string, unknown> {
  const fields = carrier.mode === 'ltl' ? carrier.credentials : carrier.connect
  const set = carrier.mode === 'ltl' ? leastOf(carrier) : []
  const needed = Object.fromEntries(
    [...(carrier.verify?.needs ?? []), ...set].flatMap((name) => {
      const field = fields[name]
      return field ? [[name, valueFor(unique(name), field)]] : []
    }),
  )
  return { ...bodyFor(fields), ...needed }
}

/** Answers the path at which a carrier is connected. */
export const connectPath = (carrier: Carrier) =>
  carrier.mode === 'ltl'
    ? `/v-beta/ltl/connections/${carrier.scacs[0]}`
    : `/v1/connections/carriers/${carrier.name}`

/** Answers the body that connects an account of a carrier. */
export const connectBody = (carrier: Carrier, account: Record<string, unknown>) =>
  carrier.mode === 'ltl' ? { credentials: account } : account
