import type { Carrier } from '../catalog/define.ts'
import type { Values } from '../catalog/validate.ts'
import type { Actor, Context } from '../context.ts'
import { openCredentials, openPrevious, openSettings } from '../custody/sealed-values.ts'
import { fail } from '../errors.ts'
import { findConnection } from '../store/connections.ts'
import type { Db, Tx } from '../store/db.ts'
import { findPrevious } from '../store/previous-credentials.ts'
import { findDuplicate, refuseDuplicate } from './add-connection.ts'
import { beginInstead } from './begin-sign-in.ts'
import { checkedNow } from './check-times.ts'
import type { DryRun, Outcome } from './outcome.ts'
import type { Proof } from './findings.ts'
import { allFields, provedSettings } from './forms.ts'
import { guardIntegrity } from './guard-integrity.ts'
import { proofNotice, signInLostNotice } from './notices.ts'
import { differences } from './plan-change.ts'
import { acceptWaiting, requireProof, type VerifyWish } from './prove.ts'
import type { Kept } from './refresh-sign-in.ts'
import { isSameCredentials, replaceCredentials } from './replace-credentials.ts'
import { carrierOf, keyOf, refuseUnknown } from './require.ts'
import { saveConnection } from './save-connection.ts'
import { carrySignIn, isWaiting, losesSignIn, refreshTokenOf, SIGN_IN_LOST, WAITS } from './signed-in.ts'
import { shownChanges } from './shown-values.ts'
import { keepMinted } from './token-claim.ts'
import { accountKey, accountNumber, provable, withoutCleared, type Changes } from './values.ts'
import { requireNamed, type Named } from './verify.ts'
import { requireVersion, type IfMatch } from './versions.ts'

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
  const { carrier } = await requireNamed(ctx, actor, request)
  const { carrierId } = request
  return guardIntegrity(ctx, actor, carrierId, async () => {
    const { values, settings, before, state, seen, waits, kept } = await ctx.store.read(
      actor.tenantId,
      (db) => earlier(ctx, db, actor, request),
    )
    const held = { values: before, state }
    const claim = { carrier, values: provable(values, settings), wish: request.verify, carrierId, kept, held }
    const proof = waits
      ? acceptWaiting(carrier, waits, request.verify)
      : await requireProof(ctx, actor, claim)
    if (request.verify === 'only') return { proof, notices: [] }
    const { version, credentialsVersion, location } = await ctx.store.transaction(
      actor.tenantId,
      async (tx) => {
        const now = await earlier(ctx, tx, actor, request)
        if (now.seen !== seen) return refuseMoved()
        return putBack(ctx, tx, actor, carrier, now, proof)
      },
    )
    await keepMinted(ctx, actor, carrierId, credentialsVersion, proof)
    const notices = [...proofNotice(proof), ...signInLostNotice(waits === SIGN_IN_LOST)]
    return { carrierId, version, notices, ...(location !== undefined && { location }) }
  })
}

async function earlier(ctx: Context, db: Db, actor: Actor, { carrierId, ifMatch }: Request) {
  const key = keyOf(actor, carrierId)
  const connection = (await findConnection(db, key)) ?? refuseUnknown()
  requireVersion(connection, ifMatch)
  const previous = await findPrevious(db, key)
  if (!previous || previous.erase_after <= ctx.clock().toISOString()) return refuseNothing(carrierId)
  const carrier = carrierOf(connection)
  const held = openCredentials(ctx, connection).reveal()
  const own = openPrevious(ctx, connection, previous).reveal() as Changes
  const { credentials, proved } = apart(own, provedSettings(carrier))
  const values = carrySignIn(carrier, held, credentials)
  const inForce = openSettings(ctx, connection).reveal() as Values
  const settings = withoutCleared({ ...inForce, ...proved })
  const now = { credentials: held as Values, settings: inForce }
  if (isSameCredentials(carrier, now, { credentials: values, settings })) return refuseNothing(carrierId)
  const isSignedIn = refreshTokenOf(values) !== undefined
  const waits = losesSignIn(held, values) ? SIGN_IN_LOST : !isSignedIn && isWaiting(connection) ? WAITS : null
  const kept: Kept = refreshTokenOf(values) === refreshTokenOf(held) ? 'in force' : 'previous'
  const seen = `${connection.version}/${previous.credentials_version}`
  const before = provable(held, inForce)
  return { connection, values, settings, before, now, state: connection.state, waits, kept, isSignedIn, seen }
}

type Earlier = Awaited<ReturnType<typeof earlier>>

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
  { connection, values, settings: kept, now, waits, isSignedIn }: Earlier,
  proof: Proof,
): Promise<{ version: number; credentialsVersion: number; location?: string | undefined }> {
  const { carrier_id: carrierId } = connection
  const existing = await findDuplicate(tx, actor, carrier, accountKey(accountNumber(carrier, values)))
  if (existing && existing !== carrierId && carrier.mode === 'parcel') refuseDuplicate(carrier, existing)
  const isLost = waits === SIGN_IN_LOST
  const begun = isLost ? beginInstead(ctx, actor, carrier, carrierId) : undefined
  const next = { credentials: values, settings: kept }
  const saved = await saveConnection(ctx, tx, actor, {
    before: connection,
    after: {
      credentials: replaceCredentials(ctx, connection, now, next),
      settings: kept,
      checked: checkedNow(ctx, carrier, proof, connection),
      ...((waits || isSignedIn) && { status: waits ? 'pending_approval' : 'approved' }),
      signIn: begun?.row,
    },
    event: {
      action: 'connection.rolled_back',
      fields: [
        ...differences(now.credentials, values, allFields(carrier)),
        ...differences(now.settings, kept, allFields(carrier)),
      ],
      changes: shownChanges(carrier, now, next),
      ...(proof.outcome !== 'verified' && { outcome: 'unverified' }),
    },
  })
  return { ...saved, location: begun?.location }
}
