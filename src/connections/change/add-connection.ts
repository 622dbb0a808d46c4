import { accountKey, accountNumber } from '../../catalog/account.ts'
import { randomUUID } from 'node:crypto'
import type { Carrier } from '../../catalog/define.ts'
import type { Values } from '../../catalog/forms/validate.ts'
import type { SignIn } from '../../catalog/sign-in.ts'
import type { Actor, Context } from '../../context.ts'
import { newId } from '../../ids.ts'
import { findPrimary } from '../../store/tables/connections/connections.ts'
import type { Tx } from '../../store/db.ts'
import { findDeletedByAccount } from '../../store/tables/connections/deleted.ts'
import { prepareSignIn } from '../sign-in/prepare-sign-in.ts'
import { checkedNow } from '../verification/next-check.ts'
import { refuseDuplicate } from './duplicates.ts'
import type { VerificationResult } from '../carrier/verification-result.ts'
import type { Notice } from '../request/notices.ts'
import { verifyOrRefuse, type VerifyParameter } from '../verification/verify-credentials.ts'
import { sealFirstCredentials } from './replace-credentials.ts'
import { saveConnection, type FirstRow, type SavedConnection } from './save-connection.ts'
import { shownChanges } from './shown-changes.ts'
import { WAITS } from '../sign-in/sign-in-state.ts'
import type { AcceptedBody } from '../form/accept-body.ts'
import { valuesToVerify, withoutCleared } from '../form/values.ts'
import { carryOut, type Verified } from './verify-and-save.ts'

/** An addition describes a connection that a body asks to add; with `signIn` the connection waits for the merchant to sign in. */
export type Addition = {
  carrier: Carrier
  acceptedBody: AcceptedBody
  verify: VerifyParameter
  /** `scac` is the SCAC that an LTL carrier is connected under, as the request wrote it. */
  scac?: string | undefined
  signIn?: SignIn | undefined
}

/** Describes an added connection; `location` says where the merchant has to sign in, and a notice names a deleted connection of the account that can be restored. */
export type Added = SavedConnection & {
  duplicateOf: string | undefined
  notices: Notice[]
  location?: string
}

/**
 * Adds a connection together with its audit event, after the carrier has been asked; a dry run returns the outcome and adds nothing.
 * Of two simultaneous connects of one account one is refused (409), unless the body allows a duplicate or the carrier is LTL.
 */
export function addConnection(ctx: Context, actor: Actor, addition: Addition): Promise<Verified<Added>> {
  const { carrier, acceptedBody, verify: wish, signIn } = addition
  const contents = {
    credentials: withoutCleared(acceptedBody.credentials.reveal()),
    settings: withoutCleared(acceptedBody.settings.reveal()),
  }
  const values = valuesToVerify(contents.credentials, contents.settings)
  const { credentials } = contents
  const isAllowed = acceptedBody.allowDuplicate ?? false
  return carryOut(ctx, actor, wish, {
    plan: async (db) => ({
      duplicateOf: await refuseDuplicate(db, actor, { carrier, credentials, isAllowed }),
    }),
    verify: async () => (signIn ? WAITS : verifyOrRefuse(ctx, actor, { carrier, values, wish })),
    isSame: () => true,
    save: async (tx, { duplicateOf }, verification) => ({
      duplicateOf,
      ...(await saveAddition(ctx, tx, actor, { addition, contents, verification })),
    }),
  })
}

type ToSave = {
  addition: Addition
  contents: { credentials: Values; settings: Values }
  verification: VerificationResult
}

async function saveAddition(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { addition, contents, verification }: ToSave,
): Promise<Omit<Added, 'duplicateOf'>> {
  const { carrier, acceptedBody, scac, signIn } = addition
  const carrierId = carrier.mode === 'ltl' ? randomUUID() : newId()
  const begun = signIn && prepareSignIn(ctx, actor, { carrier, signIn, carrierId })
  const { tenantId, environment } = actor
  const at = ctx.clock().toISOString()
  const checked = checkedNow(ctx, carrier, verification, undefined)
  const nickname = acceptedBody.nickname ?? null
  const isPrimary = (await findPrimary(tx, actor, carrier.id)) === undefined
  const before: FirstRow = {
    tenant_id: tenantId,
    environment,
    carrier_id: carrierId,
    carrier: carrier.id,
    mode: carrier.mode,
    scac: scac?.toUpperCase() ?? null,
    nickname,
    is_primary: isPrimary ? 1 : 0,
    created_at: at,
    version: 0,
    credentials_version: 0,
    settings_version: 0,
    connection_status: begun ? 'pending_approval' : 'approved',
    ...checked.columns,
  }
  const saved = await saveConnection(ctx, tx, actor, {
    isNew: true,
    before,
    after: {
      credentials: sealFirstCredentials(ctx, before, contents.credentials),
      settings: contents.settings,
      nextCheckAt: checked.nextCheckAt,
      signIn: begun?.row,
    },
    event: {
      action: 'connection.connected',
      fields: acceptedBody.given,
      changes: shownChanges(carrier, {}, { nickname, isPrimary, ...contents }),
      ...(verification.outcome !== 'verified' && { outcome: 'unverified' }),
    },
  })
  const key = accountKey(accountNumber(carrier, contents.credentials))
  const restorable =
    key === null
      ? undefined
      : await findDeletedByAccount(tx, actor, { carrier: carrier.id, accountKey: key }, at)
  const notices = restorable ? [{ code: 'restorable', carrierId: restorable.carrier_id }] : []
  return { ...saved, notices, ...(begun && { location: begun.location }) }
}
