import type { Carrier, Fields } from '../catalog/define.ts'
import type { Action } from '../audit/actions.ts'
import { recordEvent } from '../audit/record-event.ts'
import type { Actor, Context } from '../context.ts'
import {
  fingerprint,
  openCredentials,
  openSettings,
  sealCredentials,
  sealSettings,
} from '../custody/sealed-values.ts'
import { Secret } from '../secret.ts'
import { changeConnection, findConnection, findPrimary } from '../store/connections.ts'
import type { Tx } from '../store/db.ts'
import type { Connection } from '../store/schema.ts'
import { announce } from '../webhooks/announce.ts'
import { findDuplicate, refuseDuplicate } from './add-connection.ts'
import { guardIntegrity } from './guard-integrity.ts'
import { planChange, type Held, type Plan } from './plan-change.ts'
import { keyOf, refuseUnknown } from './require.ts'
import { accountKey, accountNumber, type Parts } from './values.ts'
import { requireVersion, type IfMatch } from './versions.ts'

type Change = {
  carrier: Carrier
  carrierId: string
  form: Fields
  parts: Parts
  how: 'merge' | 'replace'
  action: Action
  ifMatch: IfMatch
}

/**
 * Replaces what a connection holds, under the same id: all of it or nothing, with its audit event.
 * Decides on what the transaction reads, so that of two writers each replaces what the other left. Answers the new version.
 */
export function applyChange(
  ctx: Context,
  actor: Actor,
  change: Change,
): Promise<{ version: number; duplicateOf: string | undefined }> {
  return guardIntegrity(ctx, actor, change.carrierId, () =>
    ctx.store.transaction(actor.tenantId, (tx) => changeInside(ctx, tx, actor, change)),
  )
}

async function changeInside(ctx: Context, tx: Tx, actor: Actor, change: Change) {
  const { carrier, carrierId, form, parts, how } = change

  const connection = await findConnection(tx, keyOf(actor, carrierId))
  if (!connection || connection.carrier !== carrier.id) return refuseUnknown()
  requireVersion(connection, change.ifMatch)
  const plan = planChange(carrier, form, hold(ctx, connection), parts, how)
  const duplicateOf = await checkDuplicate(tx, actor, carrier, plan)
  if (plan.becomesPrimary) await demotePrimary(ctx, tx, actor, carrier)
  const version = await writePlan(ctx, tx, actor, connection, plan, change)
  return { version, duplicateOf }
}

function hold(ctx: Context, connection: Connection): Held {
  return {
    nickname: connection.nickname,
    isPrimary: connection.is_primary === 1,
    credentials: openCredentials(ctx, connection).reveal() as Held['credentials'],
    settings: openSettings(ctx, connection).reveal() as Held['settings'],
  }
}

async function checkDuplicate(
  tx: Tx,
  actor: Actor,
  carrier: Carrier,
  plan: Plan,
): Promise<string | undefined> {
  if (!plan.accountChanged) return undefined
  const existing = await findDuplicate(
    tx,
    actor,
    carrier,
    accountKey(accountNumber(carrier, plan.credentials)),
  )
  if (existing && carrier.mode === 'parcel') refuseDuplicate(carrier, existing)
  return existing
}

async function demotePrimary(ctx: Context, tx: Tx, actor: Actor, carrier: Carrier): Promise<void> {
  const primary = await findPrimary(tx, actor, carrier.id)
  if (primary) await markPrimary(ctx, tx, actor, primary, 0)
}

/** Gives the primary mark to a connection or takes it, as an event of that connection's own. */
export async function markPrimary(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { carrier_id, version }: Pick<Connection, 'carrier_id' | 'version'>,
  is_primary: 0 | 1,
): Promise<void> {
  await changeConnection(tx, keyOf(actor, carrier_id), version, {
    is_primary,
    updated_at: ctx.clock().toISOString(),
  })
  await recordEvent(ctx, tx, actor, {
    action: 'connection.updated',
    carrierId: carrier_id,
    fields: ['is_primary_account'],
    version: version + 1,
  })
  await announce(ctx, tx, actor, { type: 'connection.updated', carrierId: carrier_id })
}

async function writePlan(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  connection: Connection,
  plan: Plan,
  { carrier, action }: Change,
): Promise<number> {
  const { carrier_id, version } = connection
  const credentialsVersion = connection.credentials_version + (action === 'connection.updated' ? 1 : 0)
  const credentials =
    action === 'connection.updated'
      ? sealCredentials(ctx, connection, credentialsVersion, new Secret(plan.credentials))
      : connection.credentials
  const settingsVersion = connection.settings_version + 1
  const settings = sealSettings(ctx, connection, settingsVersion, new Secret(plan.settings))
  const account = accountNumber(carrier, plan.credentials)
  const replaced = await changeConnection(tx, keyOf(actor, carrier_id), version, {
    nickname: plan.nickname,
    account_number: account,
    account_key: accountKey(account),
    ...(plan.becomesPrimary ? { is_primary: 1 as const } : {}),
    credentials,
    credentials_version: credentialsVersion,
    settings,
    settings_version: settingsVersion,
    updated_at: ctx.clock().toISOString(),
  })
  if (!replaced) throw new Error('A connection changed under its own lock.')
  await recordEvent(ctx, tx, actor, {
    action,
    carrierId: carrier_id,
    fields: plan.changed,
    version: version + 1,
    envelopeHash: fingerprint(credentials, settings),
  })
  await announce(ctx, tx, actor, { type: 'connection.updated', carrierId: carrier_id })
  return version + 1
}
