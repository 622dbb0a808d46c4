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
import type { Proof } from './carrier/proof.ts'
import { allFields, provedSettings } from './form/carrier-forms.ts'
import { proofNotice, signInLostNotice } from './request/notices.ts'
import { differences } from './change/plan-change.ts'
import { acceptWaiting, requireProof, type VerifyWish } from './verification/verify-credentials.ts'
import type { Kept } from './sign-in/refresh-token.ts'
import { isSameCredentials, replaceCredentials, type Contents } from './change/replace-credentials.ts'
import { carrierOf, keyOf, refuseUnknown } from './request/require.ts'
import { saveConnection, type Saved } from './change/save-connection.ts'
import {
  carrySignIn,
  isWaiting,
  losesSignIn,
  refreshTokenOf,
  SIGN_IN_LOST,
  WAITS,
} from './sign-in/sign-in-state.ts'
import { shownChanges } from './change/shown-changes.ts'
import { provable, withoutCleared, type Changes } from './form/values.ts'
import { requireNamed, type Named } from './request/named.ts'
import { carryOut } from './change/verify-and-save.ts'
import { requireVersion, type IfMatch } from './request/if-match.ts'

type Request = Named & { ifMatch: IfMatch; verify?: VerifyWish }

/**
 * Puts the credentials before the current ones back into force, once the carrier accepts them: as a new version, so that no number is ever used twice.
 * The settings that the carrier is asked with go back with them; the others stay. Those in force until now are kept in their place, and a sign-in that went with the earlier ones comes back with them. Refuses (409) when there are none.
 */
export async function rollbackConnection(
  ctx: Context,
  actor: Actor,
  request: Request,
): Promise<Outcome | DryRun> {
  requireScope(actor, 'write')
  const { carrier } = await requireNamed(ctx, actor, request)
  const { carrierId } = request
  const { proof, saved } = await carryOut(ctx, actor, request.verify, {
    plan: (db, opener) => planRollback(ctx, db, actor, opener, request),
    verify: (plan) => verifyRollback(ctx, actor, carrier, plan, request),
    isSame: (verified, now) => isSameSlot(verified, now) || refuseMoved(),
    save: (tx, plan, proof) => putBack(ctx, tx, actor, carrier, plan, proof),
  })
  if (!saved) return { proof, notices: [] }
  const { version, signInLost, location } = saved
  const notices = [...proofNotice(proof), ...signInLostNotice(signInLost)]
  return { carrierId, version, notices, ...(location !== undefined && { location }) }
}

/** What a rollback puts back, in place of what. */
type RollbackPlan = {
  connection: Connection
  previousVersion: number
  held: Contents
  next: Contents
  /** Why only a sign-in can prove what comes back; `null` where the carrier can be asked. */
  waits: Proof | null
  isSignedIn: boolean
  kept: Kept
}

function verifyRollback(
  ctx: Context,
  actor: Actor,
  carrier: Carrier,
  { connection, held, next, waits, kept }: RollbackPlan,
  { carrierId, verify: wish }: Request,
): Proof | Promise<Proof> {
  if (waits) return acceptWaiting(carrier, waits, wish)
  const inForce = { values: provable(held.credentials, held.settings), state: connection.state }
  const values = provable(next.credentials, next.settings)
  return requireProof(ctx, actor, { carrier, values, wish, carrierId, kept, held: inForce })
}

/** Whether nothing of the connection, nor what is kept before it, has moved on. */
const isSameSlot = (one: RollbackPlan, other: RollbackPlan): boolean =>
  one.connection.version === other.connection.version && one.previousVersion === other.previousVersion

async function planRollback(
  ctx: Context,
  db: Db,
  actor: Actor,
  opener: Opener,
  { carrierId, ifMatch }: Request,
): Promise<RollbackPlan> {
  const key = keyOf(actor, carrierId)
  const connection = (await findConnection(db, key)) ?? refuseUnknown()
  requireVersion(connection, ifMatch)
  const previous = await findPrevious(db, key)
  if (!previous || previous.erase_after <= ctx.clock().toISOString()) return refuseNothing(carrierId)
  const carrier = carrierOf(connection)
  const held = opener.contents(connection).reveal() as Contents
  const own = opener.previous(connection, previous).reveal() as Changes
  const { credentials, proved } = apart(own, provedSettings(carrier))
  const next = {
    credentials: carrySignIn(carrier, held.credentials, credentials),
    settings: withoutCleared({ ...held.settings, ...proved }),
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

/** What was kept before there were settings with it has none, and those in force stay. */
function apart(kept: Changes, names: ReadonlySet<string>): { credentials: Values; proved: Changes } {
  const of = (isSetting: boolean): Changes =>
    Object.fromEntries(Object.entries(kept).filter(([name]) => names.has(name) === isSetting))
  return { credentials: withoutCleared(of(false)), proved: of(true) }
}

const refuseNothing = (carrierId: string): never =>
  fail('nothing_to_roll_back', 'There are no earlier credentials of this connection.', { carrierId })

const refuseMoved = () =>
  fail('version_mismatch', 'The connection was changed meanwhile; read it again first.')

async function putBack(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  carrier: Carrier,
  { connection, held, next, waits, isSignedIn }: RollbackPlan,
  proof: Proof,
): Promise<Saved & { signInLost: boolean; location: string | undefined }> {
  const { carrier_id: carrierId } = connection
  await refuseDuplicate(tx, actor, { carrier, credentials: next.credentials, carrierId })
  const signInLost = waits === SIGN_IN_LOST
  const begun = signInLost ? beginInstead(ctx, actor, carrier, carrierId) : undefined
  const saved = await saveConnection(ctx, tx, actor, {
    before: connection,
    after: {
      credentials: replaceCredentials(ctx, connection, held, next),
      settings: next.settings,
      checked: checkedNow(ctx, carrier, proof, connection),
      ...((waits || isSignedIn) && { status: waits ? 'pending_approval' : 'approved' }),
      signIn: begun?.row,
    },
    event: {
      action: 'connection.rolled_back',
      fields: [
        ...differences(held.credentials, next.credentials, allFields(carrier)),
        ...differences(held.settings, next.settings, allFields(carrier)),
      ],
      changes: shownChanges(carrier, held, next),
      ...(proof.outcome !== 'verified' && { outcome: 'unverified' }),
    },
  })
  return { ...saved, signInLost, location: begun?.location }
}
