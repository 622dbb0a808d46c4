import { randomUUID } from 'node:crypto'
import type { Carrier } from '../catalog/define.ts'
import type { Values } from '../catalog/validate.ts'
import type { SignIn } from '../catalog/sign-in.ts'
import type { Actor, Context } from '../context.ts'
import { fail } from '../errors.ts'
import { newId } from '../new-id.ts'
import { findByAccount, findPrimary } from '../store/connections.ts'
import type { Db, Tx } from '../store/db.ts'
import { findBuriedByAccount } from '../store/tombstones.ts'
import { prepareSignIn } from './begin-sign-in.ts'
import { checkedNow } from './check-times.ts'
import type { Proof } from './findings.ts'
import type { Notice } from './notices.ts'
import { requireProof, type VerifyWish } from './prove.ts'
import { firstCredentials } from './replace-credentials.ts'
import { saveConnection, type Beginning, type Saved } from './save-connection.ts'
import { shownChanges } from './shown-values.ts'
import { WAITS } from './signed-in.ts'
import { accountKey, accountNumber, provable, withoutCleared, type Parts } from './values.ts'
import { carryOut, type Verified } from './verify-and-save.ts'

/** A connection that is to be added, as a body asks for it; with a sign-in it waits for the merchant. */
export type Addition = {
  carrier: Carrier
  parts: Parts
  verify: VerifyWish
  scac?: string
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
  const key = accountKey(accountNumber(carrier, contents.credentials))
  const isRefused = carrier.mode === 'parcel' && !parts.allowDuplicate
  return carryOut(ctx, actor, wish, {
    plan: async (db) => {
      const duplicateOf = await findDuplicate(db, actor, carrier, key)
      if (duplicateOf !== undefined && isRefused) refuseDuplicate(carrier, duplicateOf)
      return { duplicateOf }
    },
    verify: async () => (signIn ? WAITS : requireProof(ctx, actor, { carrier, values, wish })),
    isSame: () => true,
    save: async (tx, { duplicateOf }, proof) => ({
      duplicateOf,
      ...(await saveAddition(ctx, tx, actor, addition, { contents, key, proof })),
    }),
  })
}

type Sorted = { contents: { credentials: Values; settings: Values }; key: string | null; proof: Proof }

async function saveAddition(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { carrier, parts, scac = null, signIn }: Omit<Addition, 'scac'> & { scac?: string | null },
  { contents, key, proof }: Sorted,
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
    ...{ scac, nickname, is_primary: isPrimary ? 1 : 0, created_at: at },
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
  const restorable = key === null ? undefined : await findBuriedByAccount(tx, actor, carrier.id, key, at)
  const notices = restorable ? [{ code: 'restorable', carrierId: restorable.carrier_id }] : []
  return { ...saved, notices, ...(begun && { location: begun.location }) }
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
