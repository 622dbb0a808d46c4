import { recordEvent } from '../../audit/record-event.ts'
import type { Actor, Context } from '../../context.ts'
import type { Opener } from '../../custody/opener.ts'
import { changeSealed, readSealed } from '../../custody/open-sealed.ts'
import { ApiError, fail } from '../../errors.ts'
import type { Db, Tx } from '../../store/db.ts'
import type { VerificationResult } from '../carrier/verification-result.ts'
import type { VerifyParameter } from '../verification/verify-credentials.ts'
import type { SavedConnection } from './save-connection.ts'
import { saveMintedToken } from '../tokens/token-lock.ts'

/** An operation is a change of a connection in three steps: read and plan, verify, save. */
export type Operation<Plan, Done extends SavedConnection> = {
  /** Reads the connection and plans the change; refuses a change that is not possible. */
  plan: (db: Db, opener: Opener) => Promise<Plan>
  /** Asks the carrier about the planned credentials; refuses what the carrier refuses. */
  verify: (plan: Plan) => VerificationResult | Promise<VerificationResult>
  /** Returns whether the carrier would be asked the same about two plans. */
  isSame: (verified: Plan, now: Plan) => boolean
  save: (tx: Tx, plan: Plan, verification: VerificationResult) => Promise<Done>
}

/** Describes the outcome and what was saved; a dry run saves nothing. */
export type Verified<Done> = { verification: VerificationResult; saved?: Done }

/** Carries out an operation. Where the request asks for a dry run, the operation is planned and verified, and nothing is saved. */
export async function carryOut<Plan, Done extends SavedConnection>(
  ctx: Context,
  actor: Actor,
  wish: VerifyParameter,
  operation: Operation<Plan, Done>,
): Promise<Verified<Done>> {
  if (wish !== 'only') return verifyAndSave(ctx, actor, operation)
  const { plan, verify } = operation
  return { verification: await verify(await readSealed(ctx, actor, plan)) }
}

const ATTEMPTS = 5

/**
 * Carries out an operation. The carrier is asked outside of every transaction; the transaction that saves reads and plans again, so that a writer changes what another writer has left, and only what was verified is stored.
 * Where others changed the connection meanwhile, the operation begins again; after five attempts the operation is refused.
 */
export async function verifyAndSave<Plan, Done extends SavedConnection>(
  ctx: Context,
  actor: Actor,
  { plan, verify, isSame, save }: Operation<Plan, Done>,
): Promise<{ verification: VerificationResult; saved: Done }> {
  let verified: { plan: Plan; verification: VerificationResult } | undefined
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const planned = await readSealed(ctx, actor, plan)
    if (!verified || !isSame(verified.plan, planned))
      verified = { plan: planned, verification: await verifyOnRecord(ctx, actor, () => verify(planned)) }
    const { plan: seen, verification } = verified
    const saved = await changeSealed(ctx, actor, async (tx, opener) => {
      const now = await plan(tx, opener)
      return isSame(seen, now) ? save(tx, now, verification) : undefined
    })
    if (!saved) continue
    await saveMintedToken(ctx, actor, saved, verification)
    return { verification, saved }
  }
  return fail('too_busy', 'The connection is being changed by others all the time; try again.')
}

/** Verifies for a change that is to be saved: a refusal by the carrier is recorded in the audit log before it is passed on. */
async function verifyOnRecord(
  ctx: Context,
  actor: Actor,
  verify: () => VerificationResult | Promise<VerificationResult>,
): Promise<VerificationResult> {
  try {
    return await verify()
  } catch (error) {
    if (error instanceof ApiError && error.problems[0].condition === 'credentials_refused') {
      const { carrierId } = error.problems[0]
      const event = {
        action: 'connection.refused',
        outcome: 'refused',
        ...(carrierId && { carrierId }),
      } as const
      await ctx.store.transaction(actor.tenantId, (tx) => recordEvent(ctx, tx, actor, event))
    }
    throw error
  }
}
