import { recordEvent } from '../../audit/record-event.ts'
import type { Actor, Context } from '../../context.ts'
import { openIfIntactInside } from '../../custody/open-sealed.ts'
import { sealDeleted } from '../../custody/sealed-values.ts'
import { eraseChangesOf } from '../../store/tables/tenants/audit-changes.ts'
import { deleteConnection, findOldest } from '../../store/tables/connections/connections.ts'
import type { Tx } from '../../store/db.ts'
import { dropPrevious } from '../../store/tables/connections/previous-credentials.ts'
import type { Connection } from '../../store/schema/tables.ts'
import { insertTombstone } from '../../store/tables/connections/deleted.ts'
import { hasDuplicate } from '../change/duplicates.ts'
import { markPrimary } from '../change/primary.ts'
import { keyOf } from '../request/require.ts'

const DAY_MS = 24 * 60 * 60_000

/** Until when what is deleted at `now` can be restored. */
export const restorableUntil = (now: Date, restoreDays: number): string =>
  new Date(now.getTime() + restoreDays * DAY_MS).toISOString()

/**
 * Takes a connection out of use, with its tokens, leases and earlier credentials; its name stays, and for `restoreDays` all that it needs to come back.
 * When the primary goes, the oldest other connection of the carrier takes its place. `seq` is the event of the delete.
 */
export async function buryConnection(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  connection: Connection,
  { restoreDays, seq }: { restoreDays: number; seq: number },
): Promise<void> {
  const key = keyOf(actor, connection.carrier_id)
  const now = ctx.clock()
  const sealed = restoreDays > 0 ? await sealAnew(ctx, tx, actor, connection) : undefined
  const erase_after = restorableUntil(now, restoreDays)
  await dropPrevious(tx, key)
  await deleteConnection(tx, key)
  const had_twin = (await hasDuplicate(tx, actor, connection)) ? 1 : 0
  const kept = sealed && ({ sealed, erase_after, had_twin, deleted_seq: seq } as const)
  await insertTombstone(tx, connection, now.toISOString(), kept)
  if (!sealed) {
    const { carrier_id: carrierId } = connection
    await eraseChangesOf(tx, key)
    await recordEvent(ctx, tx, actor, { action: 'connection.erased', carrierId })
  }
  const heir = connection.is_primary === 1 ? await findOldest(tx, actor, connection.carrier) : undefined
  if (heir) await markPrimary(ctx, tx, actor, { carrierId: heir.carrier_id, isPrimary: true })
}

/** What does not open where it stands cannot come back, and is no reason to keep the connection. */
async function sealAnew(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  connection: Connection,
): Promise<Uint8Array | undefined> {
  const contents = await openIfIntactInside(ctx, tx, actor, (opener) => opener.contents(connection))
  return contents && sealDeleted(ctx, connection, contents)
}
