import { accountKey, accountNumber } from '../../catalog/account.ts'
import { randomUUID } from 'node:crypto'
import type { Carrier } from '../../catalog/define.ts'
import type { Values } from '../../catalog/forms/validate.ts'
import type { SignIn } from '../../catalog/sign-in.ts'
import type { Actor, Context } from '../../context.ts'
import { newId } from '../../new-id.ts'
import { findPrimary } from '../../store/tables/connections/connections.ts'
import type { Tx } from '../../store/db.ts'
import { findBuriedByAccount } from '../../store/tables/connections/deleted.ts'
import { prepareSignIn } from '../sign-in/prepare-sign-in.ts'
import { checkedNow } from '../verification/next-check.ts'
import { refuseDuplicate } from './duplicates.ts'
import type { Proof } from '../carrier/proof.ts'
import type { Notice } from '../request/notices.ts'
import { requireProof, type VerifyWish } from '../verification/verify-credentials.ts'
import { firstCredentials } from './replace-credentials.ts'
import { saveConnection, type Beginning, type Saved } from './save-connection.ts'
import { shownChanges } from './shown-changes.ts'
import { WAITS } from '../sign-in/sign-in-state.ts'
import { provable, withoutCleared, type Parts } from '../form/values.ts'
import { carryOut, type Verified } from './verify-and-save.ts'

/** A connection that is to be added, as a body asks for it; with a sign-in it waits for the merchant. */
export type Addition = {
  carrier: Carrier
  parts: Parts
  verify: VerifyWish
  /** The SCAC that an LTL carrier is connected under, as it was written. */
  scac?: string | undefined
  signIn?: SignIn | undefined
}

/** What has been added; `location` says where to send the merchant to sign in, and a notice names a deleted connection of the account that could be restored. */
export type Added = Saved & { duplicateOf: string | undefined; notices: Notice[]; location?: string }

/**
 * Adds a connection, its audit event with it, once the carrier has been asked; a dry run answers what the carrier says and adds nothing.
 * Of two simultaneous connects of one account one is refused (409), unless the entry allows a duplicate or is LTL.
 */
export function addConnection(ctx: Context, actor: Actor, addition: Addition): Promise<Verified<Added>> {
  const { carrier, parts, verify: wish, signIn } = addition
  const contents = {
    credentials: withoutCleared(parts.credentials.reveal()),
    settings: withoutCleared(parts.settings.reveal()),
  }
  const values = provable(contents.credentials, contents.settings)
  const { credentials } = contents
  const isAllowed = parts.allowDuplicate ?? false
  return carryOut(ctx, actor, wish, {
    plan: async (db) => ({
      duplicateOf: await refuseDuplicate(db, actor, { carrier, credentials, isAllowed }),
    }),
    verify: async () => (signIn ? WAITS : requireProof(ctx, actor, { carrier, values, wish })),
    isSame: () => true,
    save: async (tx, { duplicateOf }, proof) => ({
      duplicateOf,
      ...(await saveAddition(ctx, tx, actor, addition, { contents, proof })),
    }),
  })
}

type Sorted = { contents: { credentials: Values; settings: Values }; proof: Proof }

async function saveAddition(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { carrier, parts, scac, signIn }: Addition,
  { contents, proof }: Sorted,
): Promise<Omit<Added, 'duplicateOf'>> {
  const carrierId = carrier.mode === 'ltl' ? randomUUID() : newId()
  const begun = signIn && prepareSignIn(ctx, actor, carrier, signIn, carrierId)
  const { tenantId, environment } = actor
  const at = ctx.clock().toISOString()
  const checked = checkedNow(ctx, carrier, proof, undefined)
  const nickname = parts.nickname ?? null
  const isPrimary = (await findPrimary(tx, actor, carrier.id)) === undefined
  const before: Beginning = {
    ...{ tenant_id: tenantId, environment, carrier_id: carrierId, carrier: carrier.id, mode: carrier.mode },
    ...{ scac: scac?.toUpperCase() ?? null, nickname, is_primary: isPrimary ? 1 : 0, created_at: at },
    ...{ version: 0, credentials_version: 0, settings_version: 0 },
    connection_status: begun ? 'pending_approval' : 'approved',
    ...checked.columns,
  }
  const saved = await saveConnection(ctx, tx, actor, {
    isNew: true,
    before,
    after: {
      credentials: firstCredentials(ctx, before, contents.credentials),
      settings: contents.settings,
      nextCheckAt: checked.nextCheckAt,
      signIn: begun?.row,
    },
    event: {
      action: 'connection.connected',
      fields: parts.given,
      changes: shownChanges(carrier, {}, { nickname, isPrimary, ...contents }),
      ...(proof.outcome !== 'verified' && { outcome: 'unverified' }),
    },
  })
  const key = accountKey(accountNumber(carrier, contents.credentials))
  const restorable = key === null ? undefined : await findBuriedByAccount(tx, actor, carrier.id, key, at)
  const notices = restorable ? [{ code: 'restorable', carrierId: restorable.carrier_id }] : []
  return { ...saved, notices, ...(begun && { location: begun.location }) }
}
