import { acceptFields } from '../../catalog/forms/accept-fields.ts'
import type { Fields } from '../../catalog/define.ts'
import { choice, count, optional } from '../../catalog/fields.ts'
import { failFields } from '../../errors.ts'
import type { DeletePolicy, OpenShipments } from '../../store/schema/tables.ts'

type Given = Readonly<Record<string, unknown>>

/** A policy is what a tenant has decided about deletes in one environment. */
export type AccountPolicy = Pick<DeletePolicy, 'open_shipments' | 'restore_days'>

/** This policy applies where a tenant has decided nothing: a delete goes through, names the open shipments, and can be undone for a week. */
export const USUAL_POLICY: AccountPolicy = { open_shipments: 'warn', restore_days: 7 }

/** A deleted connection can be kept for at most this many days. */
export const MOST_RESTORE_DAYS = 365

/** Lists what a delete can do about open shipments. */
export const OPEN_SHIPMENTS = ['warn', 'refuse'] as const satisfies readonly OpenShipments[]

const open_shipments = optional(choice('What a delete does about open shipments', OPEN_SHIPMENTS))

/** These fields describe what an account can decide about deletes. */
const policyFields: Fields = {
  open_shipments,
  restore_days: optional(
    count('Days that a deleted connection can be restored', { minimum: 0, maximum: MOST_RESTORE_DAYS }),
  ),
}

/** This field describes what a connection itself can decide about its delete. */
const connectionPolicyFields: Fields = { open_shipments }

/** Reads what an account decides about deletes; `null` goes back to the usual policy, and an absent field stays. */
export function acceptPolicy(body: Given): Partial<AccountPolicy> {
  const accepted = acceptFields(policyFields, body)
  if (Array.isArray(accepted)) return failFields(accepted)
  const names = accepted.cleared as (keyof AccountPolicy)[]
  return { ...accepted.values, ...Object.fromEntries(names.map((name) => [name, USUAL_POLICY[name]])) }
}

/** Reads what a connection decides about its delete. `null` means that the connection decides nothing itself, and `undefined` that the body does not say. */
export function acceptConnectionPolicy(body: Given): OpenShipments | null | undefined {
  const accepted = acceptFields(connectionPolicyFields, body)
  if (Array.isArray(accepted)) return failFields(accepted)
  if (accepted.cleared.includes('open_shipments')) return null
  return OPEN_SHIPMENTS.find((choice) => choice === accepted.values.open_shipments)
}
