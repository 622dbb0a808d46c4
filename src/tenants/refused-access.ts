import type { Action } from '../audit/actions.ts'
import { recordEvent } from '../audit/record-event.ts'
import { NO_PERMISSION, SYSTEM, type Actor, type Context } from '../context.ts'
import type { ConditionName } from '../errors.ts'
import { addressBlock } from './address-block.ts'
import { Tally } from './tally.ts'

const HOUR_MS = 60 * 60_000
/** So many an hour in the log of one account, and in that of the installation, from whatever addresses. */
export const MOST_AN_HOUR = 20
const MOST_NAMES = 10_000

/** Who was refused: whose key it was, as far as that is known, and from where it came. */
export type RefusedAccess = {
  condition: ConditionName
  actor: Actor | undefined
  keyId: string | undefined
  requestId: string
  ip: string
}

/** Which refusals are on record, and as what. A request without a key is no attempt, and is counted only. */
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
 * Records refused access in the log of the account whose key it was, or else in that of the installation: the first of an hour and address, and so few of all addresses together
 * that nobody can fill a log by asking. Each process counts for itself; how many there were, the metrics say.
 */
export function createRefusals(ctx: Context, now?: () => number): (refused: RefusedAccess) => Promise<void> {
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
