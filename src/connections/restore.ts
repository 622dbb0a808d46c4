import { recordEvent } from '../audit/record-event.ts'
import type { Carrier } from '../catalog/define.ts'
import type { Values } from '../catalog/validate.ts'
import type { Actor, Context } from '../context.ts'
import { fingerprint, openBuried, sealCredentials, sealSettings } from '../custody/sealed-values.ts'
import { fail } from '../errors.ts'
import { findByAccount, findConnection, findPrimary, insertConnection } from '../store/connections.ts'
import type { Tx } from '../store/db.ts'
import { planCheck } from '../store/scheduled-checks.ts'
import type { BuriedConnection } from '../store/schema.ts'
import { findBuried, findTombstone, unburyConnection } from '../store/tombstones.ts'
import { announce } from '../webhooks/announce.ts'
import { refuseDuplicate } from './add-connection.ts'
import { guardIntegrity } from './guard-integrity.ts'
import { duplicateNotice } from './notices.ts'
import type { Outcome } from './outcome.ts'
import { keyOf, refuseUnknown, requireCarrier, requireCarrierId, requireLtlCarrier } from './require.ts'
import { shownChanges } from './shown-values.ts'
import type { Named } from './verify.ts'

/**
 * Brings a deleted connection back under its id, with its settings and its history; its credentials become a new version.
 * Refuses (409) when its time is over, when it is not deleted, and when its account has been connected again; one that stood beside it before is no reason. It takes the primary mark from nobody.
 */
export async function restoreConnection(ctx: Context, actor: Actor, named: Named): Promise<Outcome> {
  const carrier =
    'scac' in named ? requireLtlCarrier(named.scac, actor.environment) : requireCarrier(named.carrierName)
  const { carrierId } = named
  requireCarrierId(carrier.mode, carrierId)
  return guardIntegrity(ctx, actor, carrierId, () =>
    ctx.store.transaction(actor.tenantId, async (tx) => {
      const kept = await requireKept(ctx, tx, actor, carrier, carrierId)
      const twin = await findTwin(tx, actor, carrier, kept)
      const version = await putBack(ctx, tx, actor, carrier, kept)
      return { carrierId, version, notices: duplicateNotice(twin) }
    }),
  )
}

/** The connection that stood for the account beside this one; refuses one that has come since. */
async function findTwin(
  tx: Tx,
  actor: Actor,
  carrier: Carrier,
  kept: BuriedConnection,
): Promise<string | undefined> {
  const { account_key: key, had_twin, deleted_seq } = kept
  const newest = key === null ? undefined : await findByAccount(tx, actor, carrier.id, key, 'newest')
  if (newest && (had_twin === 0 || newest.created_seq > deleted_seq))
    refuseDuplicate(carrier, newest.carrier_id)
  return newest?.carrier_id
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
  kept: BuriedConnection,
): Promise<number> {
  const { carrier_id: carrierId } = kept
  const key = keyOf(actor, carrierId)
  const { sealed: _sealed, erase_after: _end, had_twin: _twin, deleted_seq: _seq, ...row } = kept
  const opened = openBuried(ctx, kept)
  const held = {
    credentials: opened.credentials.reveal() as Values,
    settings: opened.settings.reveal() as Values,
  }
  const nickname = (await findTombstone(tx, key))?.nickname ?? null
  const next = {
    version: kept.version + 1,
    credentials_version: kept.credentials_version + 1,
    settings_version: kept.settings_version + 1,
  }
  const credentials = sealCredentials(ctx, kept, next.credentials_version, opened.credentials)
  const settings = sealSettings(ctx, kept, next.settings_version, opened.settings)
  const isPrimary = (await findPrimary(tx, actor, carrier.id)) === undefined
  await unburyConnection(tx, key)
  await insertConnection(tx, {
    ...row,
    ...next,
    nickname,
    credentials,
    settings,
    is_primary: isPrimary ? 1 : 0,
    failed_checks: 0,
    degraded_at: null,
    updated_at: ctx.clock().toISOString(),
  })
  if (isCheckable(carrier, kept)) await planCheck(tx, key, carrier.id, ctx.clock().toISOString())
  await recordEvent(ctx, tx, actor, {
    action: 'connection.restored',
    carrierId,
    changes: shownChanges(carrier, {}, { nickname, isPrimary, ...held }),
    version: next.version,
    envelopeHash: fingerprint(credentials, settings),
  })
  await announce(ctx, tx, actor, { type: 'carrier_connected', carrierId })
  return next.version
}

/** What the carrier has refused is not tried again by itself, nor what waits for a sign-in. */
const isCheckable = (carrier: Carrier, { state, connection_status }: BuriedConnection) =>
  carrier.verify !== undefined && state !== 'needs_reauth' && connection_status === 'approved'
