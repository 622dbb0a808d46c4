import type { Action } from '../audit/actions.ts'
import { recordEvent } from '../audit/record-event.ts'
import { NO_PERMISSION, SYSTEM, type Actor, type Context } from '../context.ts'
import type { ConditionName } from '../errors.ts'
import { addressBlock } from './address-block.ts'
import { Tally } from './tally.ts'

const HOUR_MS = 60 * 60_000
/** At most `MOST_AN_HOUR` refusals an hour, from all addresses together, are recorded in the log of one account or of the installation. */
export const MOST_AN_HOUR = 20
const MOST_NAMES = 10_000

/** A refused access names the condition, the actor whose API key it was, as far as known, and the address of the request. */
export type RefusedAccess = {
  condition: ConditionName
  actor: Actor | undefined
  keyId: string | undefined
  requestId: string
  ip: string
}

/** `RECORDED` gives the audit action for each condition that is recorded. A request without an API key is not an attempt and is only counted in the metrics. */
const RECORDED: Partial<Record<ConditionName, Action>> = {
  key_malformed: 'authentication.failed',
  key_unknown: 'authentication.failed',
  key_revoked: 'authentication.failed',
  key_expired: 'authentication.failed',
  account_disabled: 'authorization.refused',
  on_behalf_refused: 'authorization.refused',
  account_of_production: 'authorization.refused',
  scope_missing: 'authorization.refused',
}

/**
 * Makes a function that records refused access in the audit log of the account whose API key it was, or else of the installation.
 * Only the first refusal of an hour and address is recorded, and at most `MOST_AN_HOUR` of all addresses together, so that nobody can fill a log with requests.
 * Each process counts for itself; the metrics count all refusals.
 */
export function createRefusals(
  ctx: Context,
  { now }: { now?: () => number } = {},
): (refused: RefusedAccess) => Promise<void> {
  const limits = { spanMs: HOUR_MS, mostNames: MOST_NAMES, ...(now ? { now } : {}) }
  const addresses = new Tally(limits)
  const logs = new Tally(limits)
  return async ({ condition, actor, keyId, requestId, ip }) => {
    const action = RECORDED[condition]
    if (!action) return
    const tenantId = actor?.tenantId ?? SYSTEM
    if (addresses.add(`${tenantId} ${action} ${addressBlock(ip)}`).count > 1) return
    if (logs.add(tenantId).count > MOST_AN_HOUR) return
    const scopes = NO_PERMISSION
    const nobody: Actor = { tenantId, environment: 'production', name: 'anonymous', scopes, requestId, ip }
    try {
      await ctx.store.transaction(tenantId, (tx) =>
        recordEvent(ctx, tx, actor ?? nobody, {
          action,
          fields: [condition],
          outcome: 'refused',
          ...(keyId === undefined ? {} : { subject: keyId }),
          ...(actor ? {} : { everywhere: true as const }),
        }),
      )
    } catch (error) {
      ctx.log.warn({ err: error }, 'refused access could not be put on record')
    }
  }
}
