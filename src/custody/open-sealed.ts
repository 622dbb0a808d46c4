import { recordEvent } from '../audit/record-event.ts'
import type { Actor, Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import type { Db, Tx } from '../store/db.ts'
import { createOpener, type Opener, type Subject } from './opener.ts'

/** Opens what is sealed, outside of a transaction. An envelope that does not open where it stands is recorded in the audit log for the actor, and refused (500). */
export function openSealed<T>(ctx: Context, actor: Actor, open: (opener: Opener) => T): Promise<T> {
  return recording(ctx, actor, async (opener) => open(opener))
}

/** Reads from the database and opens what it finds. An envelope that does not open where it stands is recorded in the audit log for the actor, and refused (500). */
export function readSealed<T>(
  ctx: Context,
  actor: Actor,
  work: (db: Db, opener: Opener) => Promise<T>,
): Promise<T> {
  return recording(ctx, actor, (opener) => ctx.store.read(actor.tenantId, (db) => work(db, opener)))
}

/** Runs a transaction that opens what it finds. An envelope that does not open where it stands is refused (500), and recorded in the audit log for the actor once the transaction is over, whether it was committed or not. */
export function changeSealed<T>(
  ctx: Context,
  actor: Actor,
  work: (tx: Tx, opener: Opener) => Promise<T>,
): Promise<T> {
  return recording(ctx, actor, (opener) => ctx.store.transaction(actor.tenantId, (tx) => work(tx, opener)))
}

/** Opens what is sealed for work that goes on without it: where an envelope does not open where it stands, this is recorded in the audit log for the actor, and the result is `undefined`. */
export async function openIfIntact<T>(
  ctx: Context,
  actor: Actor,
  open: (opener: Opener) => T,
): Promise<T | undefined> {
  return openSealed(ctx, actor, open).catch(giveUp)
}

/** Opens what is sealed for a transaction that goes on without it: where an envelope does not open where it stands, this is recorded in the audit log in the transaction, and the result is `undefined`. */
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

/** Runs work that opens what is sealed. Once the work is over, what did not open is recorded in the audit log, even where the work caught the error. */
async function recording<T>(ctx: Context, actor: Actor, work: (opener: Opener) => Promise<T>): Promise<T> {
  const found = new Violations()
  try {
    return await work(createOpener(ctx, found.note))
  } finally {
    if (found.isAny()) await ctx.store.transaction(actor.tenantId, (tx) => found.record(ctx, tx, actor))
  }
}

/** Collects the rows that did not open, each once, since a transaction that runs again meets the same rows again. */
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
