import type { Carrier } from '../../catalog/define.ts'
import { requireScope } from '../../require-scope.ts'
import type { Actor, Context } from '../../context.ts'
import { changeSealed } from '../../custody/open-sealed.ts'
import type { Opener } from '../../custody/opener.ts'
import { fail } from '../../errors.ts'
import { findConnection, findPrimary } from '../../store/tables/connections/connections.ts'
import type { Tx } from '../../store/db.ts'
import type { DeletedConnection } from '../../store/schema/tables.ts'
import { findDeleted, findTombstone, clearDeleted } from '../../store/tables/connections/deleted.ts'
import { refuseLaterDuplicate } from '../change/duplicates.ts'
import { duplicateNotice } from '../request/notices.ts'
import type { Outcome } from '../request/outcome.ts'
import { connectionKey, refuseUnknownConnection, requireCarrierId } from '../request/require.ts'
import { sealFirstCredentials, type ConnectionValues } from '../change/replace-credentials.ts'
import { saveConnection, type FirstRow } from '../change/save-connection.ts'
import { shownChanges } from '../change/shown-changes.ts'
import { requireNamedCarrier, type NamedConnection } from '../request/named.ts'

/**
 * Restores a deleted connection under its id, with its settings and its history; its credentials become a new version.
 * Refuses (409) when the time for a restore is over, when the connection is not deleted, and when its account has been connected again since; a duplicate from before the delete is no reason to refuse. No other connection loses the primary mark.
 */
export async function restoreConnection(
  ctx: Context,
  actor: Actor,
  named: NamedConnection,
): Promise<Outcome> {
  requireScope(actor, 'write')
  const carrier = requireNamedCarrier(actor, named)
  const { carrierId } = named
  requireCarrierId(carrier.mode, carrierId)
  // No carrier is asked, so what is read is still there when it is saved: one transaction does both.
  return changeSealed(ctx, actor, async (tx, opener) => {
    const found = await readDeleted(ctx, tx, actor, { opener, carrier, carrierId })
    const version = await saveRestored(ctx, tx, actor, { carrier, found, row: planRestore(found) })
    return { carrierId, version, notices: duplicateNotice(found.duplicateOf) }
  })
}

/** Describes a deleted connection that can be restored, opened, and what is there beside it. */
type FoundDeleted = {
  deleted: DeletedConnection
  held: ConnectionValues
  nickname: string | null
  hasPrimary: boolean
  duplicateOf: string | undefined
}

/** Reads a deleted connection with what decides about its restore; refuses where there is nothing to restore, and a duplicate that came since. */
async function readDeleted(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { opener, carrier, carrierId }: { opener: Opener; carrier: Carrier; carrierId: string },
): Promise<FoundDeleted> {
  const deleted = await requireDeleted(ctx, tx, actor, { carrier, carrierId })
  const duplicateOf = await refuseLaterDuplicate(tx, actor, carrier, deleted)
  const held = opener.deleted(deleted).reveal() as ConnectionValues
  const tombstone = await findTombstone(tx, connectionKey(actor, carrierId))
  const primary = await findPrimary(tx, actor, carrier.id)
  return {
    deleted,
    held,
    nickname: tombstone?.nickname ?? null,
    hasPrimary: primary !== undefined,
    duplicateOf,
  }
}

/** Returns what is kept of a deleted connection. Refuses alike (404) an absent id, one of another tenant and one of another carrier; refuses (409) where there is nothing to restore. */
async function requireDeleted(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { carrier, carrierId }: { carrier: Carrier; carrierId: string },
): Promise<DeletedConnection> {
  const key = connectionKey(actor, carrierId)
  const kept = await findDeleted(tx, key)
  if (kept?.carrier === carrier.id && kept.erase_after > ctx.clock().toISOString()) return kept
  const known = (await findConnection(tx, key)) ?? (await findTombstone(tx, key))
  if (known?.carrier !== carrier.id) return refuseUnknownConnection()
  const why =
    'deleted_at' in known
      ? 'Its credentials have been erased: connect the account again.'
      : 'The connection is not deleted.'
  return fail('nothing_to_restore', `There is nothing to restore. ${why}`, { carrierId })
}

/** Plans the row of a restored connection: it is as it was, and becomes the primary connection where there is none. */
function planRestore({ deleted, nickname, hasPrimary }: FoundDeleted): FirstRow {
  const { sealed: _sealed, erase_after: _end, had_duplicate: _duplicate, deleted_seq: _seq, ...row } = deleted
  return { ...row, nickname, is_primary: hasPrimary ? 0 : 1, failed_checks: 0, degraded_at: null }
}

async function saveRestored(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { carrier, found, row }: { carrier: Carrier; found: FoundDeleted; row: FirstRow },
): Promise<number> {
  const { deleted, held, nickname, hasPrimary } = found
  await clearDeleted(tx, connectionKey(actor, deleted.carrier_id))
  const { version } = await saveConnection(ctx, tx, actor, {
    isNew: true,
    before: row,
    after: {
      credentials: sealFirstCredentials(ctx, row, held.credentials),
      settings: held.settings,
      ...(isCheckable(carrier, deleted) && { nextCheckAt: ctx.clock().toISOString() }),
    },
    event: {
      action: 'connection.restored',
      changes: shownChanges(carrier, {}, { nickname, isPrimary: !hasPrimary, ...held }),
    },
  })
  return version
}

/** Returns whether a restored connection is checked by itself: not where the carrier has refused its credentials, nor where it waits for a sign-in. */
const isCheckable = (carrier: Carrier, { state, connection_status }: DeletedConnection) =>
  carrier.verify !== undefined && state !== 'needs_reauth' && connection_status === 'approved'
