import type { Carrier } from '../../catalog/define.ts'
import { requireScope } from '../../require-scope.ts'
import type { Actor, Context } from '../../context.ts'
import { changeSealed } from '../../custody/open-sealed.ts'
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
  return changeSealed(ctx, actor, async (tx, opener) => {
    const kept = await requireDeleted(ctx, tx, actor, { carrier, carrierId })
    const duplicateOf = await refuseLaterDuplicate(tx, actor, carrier, kept)
    const held = opener.deleted(kept).reveal() as ConnectionValues
    const version = await putBack(ctx, tx, actor, { carrier, kept, held })
    return { carrierId, version, notices: duplicateNotice(duplicateOf) }
  })
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

async function putBack(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { carrier, kept, held }: { carrier: Carrier; kept: DeletedConnection; held: ConnectionValues },
): Promise<number> {
  const { carrier_id: carrierId } = kept
  const key = connectionKey(actor, carrierId)
  const { sealed: _sealed, erase_after: _end, had_duplicate: _twin, deleted_seq: _seq, ...row } = kept
  const nickname = (await findTombstone(tx, key))?.nickname ?? null
  const isPrimary = (await findPrimary(tx, actor, carrier.id)) === undefined
  await clearDeleted(tx, key)
  const before: FirstRow = {
    ...row,
    nickname,
    is_primary: isPrimary ? 1 : 0,
    failed_checks: 0,
    degraded_at: null,
  }
  const { version } = await saveConnection(ctx, tx, actor, {
    isNew: true,
    before,
    after: {
      credentials: sealFirstCredentials(ctx, before, held.credentials),
      settings: held.settings,
      ...(isCheckable(carrier, kept) && { nextCheckAt: ctx.clock().toISOString() }),
    },
    event: {
      action: 'connection.restored',
      changes: shownChanges(carrier, {}, { nickname, isPrimary, ...held }),
    },
  })
  return version
}

/** Returns whether a restored connection is checked by itself: not where the carrier has refused its credentials, nor where it waits for a sign-in. */
const isCheckable = (carrier: Carrier, { state, connection_status }: DeletedConnection) =>
  carrier.verify !== undefined && state !== 'needs_reauth' && connection_status === 'approved'
