import { randomUUID } from 'node:crypto'
import type { Carrier } from '../catalog/define.ts'
import type { SignIn } from '../catalog/sign-in.ts'
import type { Actor, Context } from '../context.ts'
import { fail } from '../errors.ts'
import { newId } from '../new-id.ts'
import { findByAccount, findPrimary } from '../store/connections.ts'
import type { Db } from '../store/db.ts'
import { findBuriedByAccount } from '../store/tombstones.ts'
import { prepareSignIn } from './begin-sign-in.ts'
import { checkedNow } from './check-times.ts'
import type { Proof } from './findings.ts'
import type { Notice } from './notices.ts'
import { firstCredentials } from './replace-credentials.ts'
import { saveConnection, type Beginning } from './save-connection.ts'
import { shownChanges } from './shown-values.ts'
import { keepMinted } from './token-claim.ts'
import { accountKey, accountNumber, withoutCleared, type Parts } from './values.ts'

/**
 * Stores a new connection, its audit event with it; answers its id, any connection of the same account, and in a notice one that was deleted and could be restored.
 * With a sign-in, it waits for the merchant, and `location` says where to send him.
 * Of two simultaneous connects of one account one is refused (409), unless the entry allows a duplicate or is LTL.
 */
export async function addConnection(
  ctx: Context,
  actor: Actor,
  carrier: Carrier,
  parts: Parts,
  proof: Proof,
  { scac = null, signIn }: { scac?: string | null; signIn?: SignIn | undefined } = {},
): Promise<{ carrierId: string; duplicateOf: string | undefined; notices: Notice[]; location?: string }> {
  const carrierId = carrier.mode === 'ltl' ? randomUUID() : newId()
  const begun = signIn && prepareSignIn(ctx, actor, carrier, signIn, carrierId)
  const { tenantId, environment } = actor
  const values = withoutCleared(parts.credentials.reveal())
  const settings = withoutCleared(parts.settings.reveal())
  const key = accountKey(accountNumber(carrier, values))
  const at = ctx.clock().toISOString()
  const checked = checkedNow(ctx, carrier, proof, undefined)
  const nickname = parts.nickname ?? null

  const { duplicateOf, restorable } = await ctx.store.transaction(tenantId, async (tx) => {
    const existing = await findDuplicate(tx, actor, carrier, key)
    if (existing && carrier.mode === 'parcel' && !parts.allowDuplicate) refuseDuplicate(carrier, existing)
    const isPrimary = (await findPrimary(tx, actor, carrier.id)) === undefined
    const before: Beginning = {
      ...{ tenant_id: tenantId, environment, carrier_id: carrierId, carrier: carrier.id, mode: carrier.mode },
      ...{ scac, nickname, is_primary: isPrimary ? 1 : 0, created_at: at },
      ...{ version: 0, credentials_version: 0, settings_version: 0 },
      connection_status: begun ? 'pending_approval' : 'approved',
      ...checked.columns,
    }
    await saveConnection(ctx, tx, actor, {
      isNew: true,
      before,
      after: {
        credentials: firstCredentials(ctx, before, values),
        settings,
        nextCheckAt: checked.nextCheckAt,
        signIn: begun?.row,
      },
      event: {
        action: 'connection.connected',
        fields: parts.given,
        changes: shownChanges(carrier, {}, { nickname, isPrimary, credentials: values, settings }),
        ...(proof.outcome !== 'verified' && { outcome: 'unverified' }),
      },
    })
    const restorable = key === null ? undefined : await findBuriedByAccount(tx, actor, carrier.id, key, at)
    return { duplicateOf: existing, restorable }
  })
  await keepMinted(ctx, actor, carrierId, 1, proof)
  const notices = restorable ? [{ code: 'restorable', carrierId: restorable.carrier_id }] : []
  return { carrierId, duplicateOf, notices, ...(begun && { location: begun.location }) }
}

/** Refuses what the transaction would refuse as a duplicate, before a carrier is asked in vain. */
export async function requireNoDuplicate(
  ctx: Context,
  actor: Actor,
  carrier: Carrier,
  parts: Parts,
): Promise<void> {
  if (carrier.mode !== 'parcel' || parts.allowDuplicate) return
  const key = accountKey(accountNumber(carrier, parts.credentials.reveal()))
  const existing = await ctx.store.read(actor.tenantId, (db) => findDuplicate(db, actor, carrier, key))
  if (existing) refuseDuplicate(carrier, existing)
}

/** The id of a connection that stands for the same account already. */
export async function findDuplicate(
  db: Db,
  actor: Actor,
  carrier: Carrier,
  key: string | null,
): Promise<string | undefined> {
  return key === null ? undefined : (await findByAccount(db, actor, carrier.id, key))?.carrier_id
}

/** Refuses a second connection of one account, and names the first. */
export function refuseDuplicate(carrier: Carrier, existing: string): never {
  return fail('account_already_connected', `This ${carrier.title} account is already connected.`, {
    carrierId: existing,
  })
}
