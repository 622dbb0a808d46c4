import type { Carrier } from '../../catalog/define.ts'
import { requireScope } from '../../require-scope.ts'
import type { Actor, Context } from '../../context.ts'
import { changeSealed } from '../../custody/open-sealed.ts'
import { fail } from '../../errors.ts'
import { findConnection, findPrimary } from '../../store/tables/connections/connections.ts'
import type { Tx } from '../../store/db.ts'
import type { BuriedConnection } from '../../store/schema/tables.ts'
import { findBuried, findTombstone, unburyConnection } from '../../store/tables/connections/deleted.ts'
import { refuseLaterDuplicate } from '../change/duplicates.ts'
import { duplicateNotice } from '../request/notices.ts'
import type { Outcome } from '../request/outcome.ts'
import { keyOf, refuseUnknown, requireCarrierId } from '../request/require.ts'
import { firstCredentials, type Contents } from '../change/replace-credentials.ts'
import { saveConnection, type Beginning } from '../change/save-connection.ts'
import { shownChanges } from '../change/shown-changes.ts'
import { requireNamedCarrier, type NamedConnection } from '../request/named.ts'

/**
 * Brings a deleted connection back under its id, with its settings and its history; its credentials become a new version.
 * Refuses (409) when its time is over, when it is not deleted, and when its account has been connected again; one that stood beside it before is no reason. It takes the primary mark from nobody.
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
    const kept = await requireKept(ctx, tx, actor, carrier, carrierId)
    const duplicateOf = await refuseLaterDuplicate(tx, actor, carrier, kept)
    const held = opener.deleted(kept).reveal() as Contents
    const version = await putBack(ctx, tx, actor, carrier, { kept, held })
    return { carrierId, version, notices: duplicateNotice(duplicateOf) }
  })
}

/** An absent id, a foreign one and one of another carrier are answered alike. */
async function requireKept(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  carrier: Carrier,
  carrierId: string,
): Promise<BuriedConnection> {
  const key = keyOf(actor, carrierId)
  const kept = await findBuried(tx, key)
  if (kept?.carrier === carrier.id && kept.erase_after > ctx.clock().toISOString()) return kept
  const known = (await findConnection(tx, key)) ?? (await findTombstone(tx, key))
  if (known?.carrier !== carrier.id) return refuseUnknown()
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
  carrier: Carrier,
  { kept, held }: { kept: BuriedConnection; held: Contents },
): Promise<number> {
  const { carrier_id: carrierId } = kept
  const key = keyOf(actor, carrierId)
  const { sealed: _sealed, erase_after: _end, had_twin: _twin, deleted_seq: _seq, ...row } = kept
  const nickname = (await findTombstone(tx, key))?.nickname ?? null
  const isPrimary = (await findPrimary(tx, actor, carrier.id)) === undefined
  await unburyConnection(tx, key)
  const before: Beginning = {
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
      credentials: firstCredentials(ctx, before, held.credentials),
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

/** What the carrier has refused is not tried again by itself, nor what waits for a sign-in. */
const isCheckable = (carrier: Carrier, { state, connection_status }: BuriedConnection) =>
  carrier.verify !== undefined && state !== 'needs_reauth' && connection_status === 'approved'
