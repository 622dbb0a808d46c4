import { acceptFields } from '../../catalog/forms/accept-fields.ts'
import type { Fields } from '../../catalog/define.ts'
import { choice, count, optional } from '../../catalog/fields.ts'
import { failFields } from '../../errors.ts'
import type { DeletePolicy, OpenShipments } from '../../store/schema/tables.ts'

type Given = Readonly<Record<string, unknown>>

/** What a tenant has decided about deletes in one environment. */
export type Policy = Pick<DeletePolicy, 'open_shipments' | 'restore_days'>

/** What a delete does where a tenant has said nothing: it goes through, says what stands open, and can be undone for a week. */
export const USUAL_POLICY: Policy = { open_shipments: 'warn', restore_days: 7 }

/** The longest that a deleted connection can be kept, in days. */
export const MOST_RESTORE_DAYS = 365

/** What a delete can do about open shipments. */
export const OPEN_SHIPMENTS = ['warn', 'refuse'] as const satisfies readonly OpenShipments[]

const open_shipments = optional(choice('What a delete does about open shipments', OPEN_SHIPMENTS))

/** What an account can decide about deletes. */
const policyFields: Fields = {
  open_shipments,
  restore_days: optional(
    count('Days that a deleted connection can be restored', { minimum: 0, maximum: MOST_RESTORE_DAYS }),
  ),
}

/** What a connection can decide itself. */
const connectionPolicyFields: Fields = { open_shipments }

/** Reads what an account decides; `null` goes back to what is usual, and what is absent stays. */
export function acceptPolicy(body: Given): Partial<Policy> {
  const accepted = acceptFields(policyFields, body)
  if (Array.isArray(accepted)) return failFields(accepted)
  const names = accepted.cleared as (keyof Policy)[]
  return { ...accepted.values, ...Object.fromEntries(names.map((name) => [name, USUAL_POLICY[name]])) }
}

/** Reads what a connection decides; `null` leaves it to the account, and `undefined` is what a body comes to that does not say. */
export function acceptConnectionPolicy(body: Given): OpenShipments | null | undefined {
  const accepted = acceptFields(connectionPolicyFields, body)
  if (Array.isArray(accepted)) return failFields(accepted)
  if (accepted.cleared.includes('open_shipments')) return null
  return OPEN_SHIPMENTS.find((choice) => choice === accepted.values.open_shipments)
}
