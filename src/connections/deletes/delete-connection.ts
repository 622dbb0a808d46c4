import { recordEvent } from '../../audit/record-event.ts'
import type { Actor, Context } from '../../context.ts'
import { openIfIntactInside } from '../../custody/open-sealed.ts'
import { sealDeleted } from '../../custody/sealed-values.ts'
import { eraseChangesOf } from '../../store/tables/tenants/audit-changes.ts'
import { deleteConnectionRow } from '../../store/tables/connections/connections.ts'
import type { Tx } from '../../store/db.ts'
import { dropPrevious } from '../../store/tables/connections/previous-credentials.ts'
import type { Connection } from '../../store/schema/tables.ts'
import { insertTombstone } from '../../store/tables/connections/deleted.ts'
import { hasDuplicate } from '../change/duplicates.ts'
import { findHeir, markPrimary } from '../change/primary.ts'
import { connectionKey } from '../request/require.ts'

const DAY_MS = 24 * 60 * 60_000

/** Returns the time until which a connection that is deleted at `now` can be restored. */
export const restorableUntil = (now: Date, restoreDays: number): string =>
  new Date(now.getTime() + restoreDays * DAY_MS).toISOString()

/**
 * Deletes a connection, with its tokens, leases and previous credentials. The name of the connection is kept, and everything that a restore needs is kept for `restoreDays` days.
 * When the primary connection is deleted, the oldest other connection of the carrier becomes the primary one. `seq` is the number of the audit event of the delete.
 */
export async function deleteConnection(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { connection, restoreDays, seq }: { connection: Connection; restoreDays: number; seq: number },
): Promise<void> {
  const key = connectionKey(actor, connection.carrier_id)
  const now = ctx.clock()
  const sealed = restoreDays > 0 ? await sealAnew(ctx, tx, actor, connection) : undefined
  const erase_after = restorableUntil(now, restoreDays)
  await dropPrevious(tx, key)
  await deleteConnectionRow(tx, key)
  const had_duplicate = (await hasDuplicate(tx, actor, connection)) ? 1 : 0
  const kept = sealed && ({ sealed, erase_after, had_duplicate, deleted_seq: seq } as const)
  await insertTombstone(tx, connection, { at: now.toISOString(), deleted: kept })
  if (!sealed) {
    const { carrier_id: carrierId } = connection
    await eraseChangesOf(tx, key)
    await recordEvent(ctx, tx, actor, { action: 'connection.erased', carrierId })
  }
  const heir = await findHeir(tx, actor, connection)
  if (heir !== undefined) await markPrimary(ctx, tx, actor, { carrierId: heir, isPrimary: true })
}

/** Seals the contents of a connection for a restore; returns `undefined` where they do not open, since such a connection cannot be restored but can still be deleted. */
async function sealAnew(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  connection: Connection,
): Promise<Uint8Array | undefined> {
  const contents = await openIfIntactInside(ctx, tx, actor, (opener) => opener.contents(connection))
  return contents && sealDeleted(ctx, connection, contents)
}
