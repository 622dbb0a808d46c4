import { later, notBefore } from '../time.ts'
import { checkConnection } from '../connections/verification/check-connection.ts'
import { carrierOf } from '../connections/request/require.ts'
import { systemActor, type Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { findConnection } from '../store/tables/connections/connections.ts'
import { holdsClaim, planCheck, type CheckClaim } from '../store/tables/connections/checks.ts'

const HOUR_MS = 60 * 60_000
/** A connection is looked at again after this many milliseconds where nobody could be asked: values of the merchant or of the operator may have come by then. */
const NOT_ASKED_MS = 24 * HOUR_MS
/** Credentials that cannot be opened are tried again after this many milliseconds; each attempt is recorded in the audit log. */
const UNREADABLE_MS = 24 * HOUR_MS
const UNFORESEEN_MS = HOUR_MS

/**
 * Checks the connection of a claim as the system, and plans the next check whatever the outcome; never rejects.
 * Nothing is stored where `isAbandoned` returns true or the claim has been lost.
 */
export async function runCheck(ctx: Context, claim: CheckClaim, isAbandoned: () => boolean): Promise<void> {
  try {
    await plan(ctx, claim, isAbandoned, await ask(ctx, claim, isAbandoned))
  } catch (error) {
    // The claim ends by itself, and the connection is checked again.
    ctx.log.warn({ err: error, carrier_id: claim.key.carrierId }, 'a check could not be written down')
  }
}

/** Says when to look again. `null` means never, and `undefined` means that nothing is left to plan, since the check has planned the next one or the connection is gone. */
type Next = string | null | undefined

async function ask(ctx: Context, claim: CheckClaim, isAbandoned: () => boolean): Promise<Next> {
  const { key } = claim
  try {
    const connection = await ctx.store.read(key.tenantId, (db) => findConnection(db, key))
    if (!connection) return undefined
    // Credentials that the carrier has refused wait for somebody to change them.
    if (connection.state === 'needs_reauth') return null
    const { verification } = await checkConnection(ctx, systemActor(claim.key), connection, {
      mayKeep: async (tx) => !isAbandoned() && (await holdsClaim(tx, claim)),
    })
    if (verification.asked) return undefined
    return carrierOf(connection).verify ? later(ctx.clock(), NOT_ASKED_MS) : null
  } catch (error) {
    return afterFailure(ctx, claim, error)
  }
}

function afterFailure(ctx: Context, { key }: CheckClaim, error: unknown): Next {
  const now = ctx.clock()
  const told = error instanceof ApiError ? error.problems[0].condition : undefined
  switch (told) {
    case 'connection_unknown':
      return undefined
    case 'verification_paused':
      return notBefore(now, Number((error as ApiError).headers['retry-after']) * 1_000)
    case 'credentials_unreadable':
      return later(now, UNREADABLE_MS)
    default:
      ctx.log.warn({ err: error, carrier_id: key.carrierId }, 'a check failed')
      return later(now, UNFORESEEN_MS)
  }
}

async function plan(ctx: Context, claim: CheckClaim, isAbandoned: () => boolean, next: Next): Promise<void> {
  const { key, carrier } = claim
  if (next === undefined || isAbandoned()) return
  await ctx.store.transaction(key.tenantId, async (tx) => {
    if (await holdsClaim(tx, claim)) await planCheck(tx, key, carrier, next)
  })
}
