import type { Carrier } from '../catalog/define.ts'
import type { Values } from '../catalog/forms/validate.ts'
import { requireScope } from '../require-scope.ts'
import type { Actor, Context } from '../context.ts'
import type { Opener } from '../custody/opener.ts'
import { fail } from '../errors.ts'
import { findConnection } from '../store/tables/connections/connections.ts'
import type { Db, Tx } from '../store/db.ts'
import { findPrevious } from '../store/tables/connections/previous-credentials.ts'
import type { Connection } from '../store/schema/tables.ts'
import { beginInstead } from './sign-in/prepare-sign-in.ts'
import { checkedNow } from './verification/next-check.ts'
import { refuseDuplicate } from './change/duplicates.ts'
import type { DryRun, Outcome } from './request/outcome.ts'
import type { VerificationResult } from './carrier/verification-result.ts'
import { allFields, settingsToVerify } from './form/carrier-forms.ts'
import { unverifiedNotice, signInLostNotice } from './request/notices.ts'
import { listDifferences } from './change/plan-change.ts'
import { acceptWaiting, verifyOrRefuse, type VerifyParameter } from './verification/verify-credentials.ts'
import type { WhichCredentials } from './sign-in/refresh-token.ts'
import { isSameCredentials, replaceCredentials, type ConnectionValues } from './change/replace-credentials.ts'
import { carrierOf, connectionKey, refuseUnknownConnection } from './request/require.ts'
import { saveConnection, type SavedConnection } from './change/save-connection.ts'
import {
  carrySignIn,
  isWaiting,
  losesSignIn,
  refreshTokenOf,
  SIGN_IN_LOST,
  WAITS,
} from './sign-in/sign-in-state.ts'
import { shownChanges } from './change/shown-changes.ts'
import { valuesToVerify, withoutCleared, type Changes } from './form/values.ts'
import { requireNamed, type Named } from './request/named.ts'
import { carryOut } from './change/verify-and-save.ts'
import { requireVersion, type IfMatch } from './request/if-match.ts'

type Request = Named & { ifMatch: IfMatch; verify?: VerifyParameter }

/**
 * Puts the previous credentials back into force as a new version, so that no version number is used twice. The carrier is asked first where that is possible, and credentials that the carrier refuses are not put back.
 * The settings that the carrier is asked with go back together with the credentials, and the other settings stay. The credentials in force until now become the previous ones. The sign-in of the credentials in force stays where that sign-in is of the same account; otherwise the earlier credentials come back with their own.
 * Refuses (409) when there are no previous credentials.
 */
export async function rollbackConnection(
  ctx: Context,
  actor: Actor,
  request: Request,
): Promise<Outcome | DryRun> {
  requireScope(actor, 'write')
  const { carrier } = await requireNamed(ctx, actor, request)
  const { carrierId } = request
  const { verification, saved } = await carryOut(ctx, actor, request.verify, {
    plan: (db, opener) => planRollback(ctx, db, actor, { ...request, opener }),
    verify: (plan) => verifyRollback(ctx, actor, plan, { ...request, carrier }),
    isSame: (verified, now) => isSameSlot(verified, now) || refuseMoved(),
    save: (tx, plan, verification) => putBack(ctx, tx, actor, { carrier, plan, verification }),
  })
  if (!saved) return { verification, notices: [] }
  const { version, location } = saved
  const notices = [...unverifiedNotice(verification), ...signInLostNotice(saved)]
  return { carrierId, version, notices, ...(location !== undefined && { location }) }
}

/** Describes the contents that a rollback puts back (`next`), and those that it replaces (`held`). */
type RollbackPlan = {
  connection: Connection
  previousVersion: number
  held: ConnectionValues
  next: ConnectionValues
  /** `waits` says why only a sign-in can verify the credentials that come back; it is `null` where the carrier can be asked. */
  waits: VerificationResult | null
  isSignedIn: boolean
  kept: WhichCredentials
}

function verifyRollback(
  ctx: Context,
  actor: Actor,
  { connection, held, next, waits, kept }: RollbackPlan,
  { carrier, carrierId, verify: wish }: Request & { carrier: Carrier },
): VerificationResult | Promise<VerificationResult> {
  if (waits) return acceptWaiting(carrier, waits, wish)
  const inForce = { values: valuesToVerify(held.credentials, held.settings), state: connection.state }
  const values = valuesToVerify(next.credentials, next.settings)
  return verifyOrRefuse(ctx, actor, { carrier, values, wish, carrierId, which: kept, held: inForce })
}

/** Returns whether two plans have read the same version of the connection and of its previous credentials. */
const isSameSlot = (one: RollbackPlan, other: RollbackPlan): boolean =>
  one.connection.version === other.connection.version && one.previousVersion === other.previousVersion

async function planRollback(
  ctx: Context,
  db: Db,
  actor: Actor,
  { opener, carrierId, ifMatch }: Request & { opener: Opener },
): Promise<RollbackPlan> {
  const key = connectionKey(actor, carrierId)
  const connection = (await findConnection(db, key)) ?? refuseUnknownConnection()
  requireVersion(connection, ifMatch)
  const previous = await findPrevious(db, key)
  if (!previous || previous.erase_after <= ctx.clock().toISOString()) return refuseNothing(carrierId)
  const carrier = carrierOf(connection)
  const held = opener.contents(connection).reveal() as ConnectionValues
  const own = opener.previous(connection, previous).reveal() as Changes
  const { credentials, verified } = apart(own, settingsToVerify(carrier))
  const next = {
    credentials: carrySignIn(carrier, held.credentials, credentials),
    settings: withoutCleared({ ...held.settings, ...verified }),
  }
  if (isSameCredentials(carrier, held, next)) return refuseNothing(carrierId)
  const token = refreshTokenOf(next.credentials)
  const isSignedIn = token !== undefined
  const isLost = losesSignIn(held.credentials, next.credentials)
  return {
    connection,
    previousVersion: previous.credentials_version,
    held,
    next,
    waits: isLost ? SIGN_IN_LOST : !isSignedIn && isWaiting(connection) ? WAITS : null,
    isSignedIn,
    kept: token === refreshTokenOf(held.credentials) ? 'in force' : 'previous',
  }
}

/** Separates the kept credentials from the settings that were kept with them. Older records hold no settings; the settings in force then stay. */
function apart(kept: Changes, names: ReadonlySet<string>): { credentials: Values; verified: Changes } {
  const entries = Object.entries(kept)
  const credentials = Object.fromEntries(entries.filter(([name]) => !names.has(name)))
  const verified = Object.fromEntries(entries.filter(([name]) => names.has(name)))
  return { credentials: withoutCleared(credentials), verified }
}

const refuseNothing = (carrierId: string): never =>
  fail('nothing_to_roll_back', 'There are no earlier credentials of this connection.', { carrierId })

const refuseMoved = () =>
  fail('version_mismatch', 'The connection was changed meanwhile; read it again first.')

async function putBack(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { carrier, plan, verification }: { carrier: Carrier; plan: RollbackPlan; verification: VerificationResult },
): Promise<SavedConnection & { signInLost: boolean; location: string | undefined }> {
  const { connection, held, next, waits, isSignedIn } = plan
  const { carrier_id: carrierId } = connection
  await refuseDuplicate(tx, actor, { carrier, credentials: next.credentials, carrierId })
  const signInLost = waits === SIGN_IN_LOST
  const begun = signInLost ? beginInstead(ctx, actor, carrier, carrierId) : undefined
  const saved = await saveConnection(ctx, tx, actor, {
    before: connection,
    after: {
      credentials: replaceCredentials(ctx, connection, held, next),
      settings: next.settings,
      checked: checkedNow(ctx, carrier, verification, connection),
      ...((waits || isSignedIn) && { status: waits ? 'pending_approval' : 'approved' }),
      signIn: begun?.row,
    },
    event: {
      action: 'connection.rolled_back',
      fields: [
        ...listDifferences(held.credentials, next.credentials, allFields(carrier)),
        ...listDifferences(held.settings, next.settings, allFields(carrier)),
      ],
      changes: shownChanges(carrier, held, next),
      ...(verification.outcome !== 'verified' && { outcome: 'unverified' }),
    },
  })
  return { ...saved, signInLost, location: begun?.location }
}
