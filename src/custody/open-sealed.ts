import { recordEvent } from '../audit/record-event.ts'
import type { Actor, Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import type { Db, Tx } from '../store/db.ts'
import { createOpener, type Opener, type Subject } from './opener.ts'

/** Opens what is sealed outside of a transaction. What does not open where it stands is put on record for the actor, and refused (500). */
export function openSealed<T>(ctx: Context, actor: Actor, open: (opener: Opener) => T): Promise<T> {
  return recording(ctx, actor, async (opener) => open(opener))
}

/** Reads, and opens what it finds. What does not open where it stands is put on record for the actor, and refused (500). */
export function readSealed<T>(
  ctx: Context,
  actor: Actor,
  work: (db: Db, opener: Opener) => Promise<T>,
): Promise<T> {
  return recording(ctx, actor, (opener) => ctx.store.read(actor.tenantId, (db) => work(db, opener)))
}

/** Runs a transaction that opens what it finds. What does not open where it stands is refused (500), and put on record for the actor once the transaction is over, whatever has become of it. */
export function changeSealed<T>(
  ctx: Context,
  actor: Actor,
  work: (tx: Tx, opener: Opener) => Promise<T>,
): Promise<T> {
  return recording(ctx, actor, (opener) => ctx.store.transaction(actor.tenantId, (tx) => work(tx, opener)))
}

/** Opens what is sealed for work that goes on without it: what does not open where it stands is put on record for the actor, and `undefined`. */
export async function openIfIntact<T>(
  ctx: Context,
  actor: Actor,
  open: (opener: Opener) => T,
): Promise<T | undefined> {
  return openSealed(ctx, actor, open).catch(giveUp)
}

/** Opens what is sealed for a transaction that goes on without it: what does not open where it stands is put on record in the transaction, and `undefined`. */
export async function openIfIntactInside<T>(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  open: (opener: Opener) => T,
): Promise<T | undefined> {
  const found = new Violations()
  try {
    return open(createOpener(ctx, found.note))
  } catch (error) {
    await found.record(ctx, tx, actor)
    return giveUp(error)
  }
}

/** Does work that opens, and puts on record what did not open, once the work is over: what the work caught is on record too. */
async function recording<T>(ctx: Context, actor: Actor, work: (opener: Opener) => Promise<T>): Promise<T> {
  const found = new Violations()
  try {
    return await work(createOpener(ctx, found.note))
  } finally {
    if (found.isAny()) await ctx.store.transaction(actor.tenantId, (tx) => found.record(ctx, tx, actor))
  }
}

/** What did not open, each row once: a transaction that runs again finds the same again. */
class Violations {
  readonly #found = new Map<string, Subject>()

  note = (subject: Subject): void => void this.#found.set(JSON.stringify(subject), subject)

  isAny(): boolean {
    return this.#found.size > 0
  }

  async record(ctx: Context, tx: Tx, actor: Actor): Promise<void> {
    for (const subject of this.#found.values())
      await recordEvent(ctx, tx, actor, {
        action: 'integrity.violation',
        ...(subject.kind === 'webhook' ? { subject: subject.webhookId } : { carrierId: subject.carrierId }),
        outcome: 'refused',
      })
  }
}

function giveUp(error: unknown): undefined {
  if (error instanceof ApiError && error.problems[0].condition === 'credentials_unreadable') return undefined
  throw error
}
