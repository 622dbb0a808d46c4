import type { Actor, Context } from '../../context.ts'
import type { Opener } from '../../custody/opener.ts'
import { changeSealed, readSealed } from '../../custody/open-sealed.ts'
import { fail } from '../../errors.ts'
import type { Db, Tx } from '../../store/db.ts'
import type { Proof } from '../carrier/proof.ts'
import type { VerifyWish } from '../verification/verify-credentials.ts'
import type { Saved } from './save-connection.ts'
import { keepMinted } from '../tokens/token-lock.ts'

/** A change of a connection: read and planned, verified, saved. */
export type Operation<Plan, Done extends Saved> = {
  /** Reads what is there and plans what is to be; refuses what cannot be. */
  plan: (db: Db, opener: Opener) => Promise<Plan>
  /** Asks the carrier about what is planned; refuses what the carrier refuses. */
  verify: (plan: Plan) => Proof | Promise<Proof>
  /** Tells whether the carrier would be asked the same about two plans. */
  isSame: (verified: Plan, now: Plan) => boolean
  save: (tx: Tx, plan: Plan, proof: Proof) => Promise<Done>
}

/** What the carrier said, and what was saved; of a dry run nothing is. */
export type Verified<Done> = { proof: Proof; saved?: Done }

/** Carries an operation out, or verifies only, where that is what the request wishes: a dry run ends there, and no other code knows of it. */
export async function carryOut<Plan, Done extends Saved>(
  ctx: Context,
  actor: Actor,
  wish: VerifyWish,
  operation: Operation<Plan, Done>,
): Promise<Verified<Done>> {
  if (wish !== 'only') return verifyAndSave(ctx, actor, operation)
  const { plan, verify } = operation
  return { proof: await verify(await readSealed(ctx, actor, plan)) }
}

const ATTEMPTS = 5

/**
 * Carries an operation out: verifies outside of every transaction, and saves in one that plans anew on what it reads, so that of two writers
 * each changes what the other left, and what was verified is what is stored.
 */
export async function verifyAndSave<Plan, Done extends Saved>(
  ctx: Context,
  actor: Actor,
  { plan, verify, isSame, save }: Operation<Plan, Done>,
): Promise<{ proof: Proof; saved: Done }> {
  let verified: { plan: Plan; proof: Proof } | undefined
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const planned = await readSealed(ctx, actor, plan)
    if (!verified || !isSame(verified.plan, planned))
      verified = { plan: planned, proof: await verify(planned) }
    const { plan: seen, proof } = verified
    const saved = await changeSealed(ctx, actor, async (tx, opener) => {
      const now = await plan(tx, opener)
      return isSame(seen, now) ? save(tx, now, proof) : undefined
    })
    if (!saved) continue
    await keepMinted(ctx, actor, saved.carrierId, saved.credentialsVersion, proof)
    return { proof, saved }
  }
  return fail('too_busy', 'The connection is being changed by others all the time; try again.')
}
