import type { Actor, Context } from '../context.ts'
import { fail } from '../errors.ts'
import { appendEntry, type AuditEntry } from '../store/tables/tenants/audit-entries.ts'
import type { Tx } from '../store/db.ts'
import type { Action } from './actions.ts'
import { GENESIS, hashEvent } from './chain.ts'
import type { FieldChange } from './changes.ts'
import { sealChanges } from './sealed-changes.ts'

/** Describes what happened. `fields` are names, never values; `changes` are values that are not secret, and are kept sealed beside the event. */
export type EventToRecord = {
  action: Action
  carrierId?: string
  /** `subject` is what the event is about when that is no connection: the id of a key, a webhook, a label or a manifest. */
  subject?: string
  fields?: readonly string[]
  changes?: readonly FieldChange[]
  version?: number
  envelopeHash?: Uint8Array
  /** An absent `outcome` means `succeeded`; `unverified` means that credentials were stored which the carrier has not verified. */
  outcome?: 'refused' | 'unverified'
  /** `everywhere` is set where the event concerns the account as a whole and no environment of it. */
  everywhere?: true
}

/** Composes an event of the actor's tenant that lacks only its place in the chain. */
export function auditEntry(ctx: Context, actor: Actor, happening: EventToRecord): AuditEntry {
  const { tenantId } = actor
  return {
    tenantId,
    chain: (head) => {
      const place = {
        tenant_id: tenantId,
        seq: (head?.seq ?? 0) + 1,
        environment: happening.everywhere ? null : actor.environment,
        carrier_id: happening.carrierId ?? null,
        subject: happening.subject ?? null,
      }
      const kept = happening.changes?.length ? sealChanges(ctx, place, happening.changes) : undefined
      const event = {
        ...place,
        at: ctx.clock().toISOString(),
        actor: actor.name,
        action: happening.action,
        fields: JSON.stringify(happening.fields ?? []),
        version: happening.version ?? null,
        outcome: happening.outcome ?? 'succeeded',
        request_id: actor.requestId ?? null,
        ip: actor.ip ?? null,
        envelope_hash: happening.envelopeHash ?? null,
        changes_hash: kept?.hash ?? null,
        prev_hash: head?.hash ?? GENESIS,
      }
      return { event: { ...event, hash: hashEvent(event) }, sealed: kept?.sealed }
    },
    refuse: (head) => refuseBroken(ctx, actor, head),
  }
}

/** Adds an event to the chain of the actor’s tenant, in the transaction of the effect; returns its sequence number. */
export const recordEvent = (ctx: Context, tx: Tx, actor: Actor, happening: EventToRecord): Promise<number> =>
  appendEntry(tx, auditEntry(ctx, actor, happening))

function refuseBroken(ctx: Context, { tenantId }: Actor, head: { seq: number } | undefined): never {
  ctx.log.error(
    { tenant: tenantId, head: head?.seq ?? null },
    'the head of an audit log is missing, or does not name its newest event: nothing of the tenant is changed; see "hawser doctor"',
  )
  return fail('audit_log_broken', 'The audit log of the account is damaged; nothing was changed.')
}
