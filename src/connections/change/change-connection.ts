import { isDeepStrictEqual } from 'node:util'
import type { Carrier, Fields } from '../../catalog/define.ts'
import type { Actor, Context } from '../../context.ts'
import type { Opener } from '../../custody/opener.ts'
import { findConnection } from '../../store/tables/connections/connections.ts'
import type { Db, Tx } from '../../store/db.ts'
import type { Connection } from '../../store/schema/tables.ts'
import { refuseDuplicate } from './duplicates.ts'
import { beginInstead, type Begun } from '../sign-in/prepare-sign-in.ts'
import { checkedAgain, checkedNever, checkedNow } from '../verification/next-check.ts'
import type { Proof } from '../carrier/proof.ts'
import { planChange, type Held, type Plan } from './plan-change.ts'
import { demotePrimary } from './primary.ts'
import {
  acceptWaiting,
  requireProof,
  UNTOUCHED,
  type VerifyWish,
} from '../verification/verify-credentials.ts'
import { replaceCredentials } from './replace-credentials.ts'
import { keyOf, refuseUnknown } from '../request/require.ts'
import { saveConnection, type Save, type Saved } from './save-connection.ts'
import { shownChanges } from './shown-changes.ts'
import { isWaiting, SIGN_IN_LOST, WAITS, withoutSignIn } from '../sign-in/sign-in-state.ts'
import { provable, type Parts } from '../form/values.ts'
import { carryOut, verifyAndSave, type Operation, type Verified } from './verify-and-save.ts'
import { requireVersion, type IfMatch } from '../request/if-match.ts'

/** What is changed: credentials, some of them or the whole set, or settings alone, of which no carrier is asked. */
export type ChangeKind =
  { kind: 'credentials'; how: 'merge' | 'replace'; verify: VerifyWish } | { kind: 'settings' }

/** A change of a connection, as a body asks for it. */
export type Change<Kind extends ChangeKind = ChangeKind> = {
  carrier: Carrier
  carrierId: string
  form: Fields
  parts: Parts
  ifMatch: IfMatch
  change: Kind
}

type Planned = { connection: Connection; held: Held; plan: Plan; duplicateOf: string | undefined }

/** What a change has come to; `signInLost` where the sign-in at the carrier does not go with it, and `location` says where to send the merchant for another. */
type Changed = Saved & { duplicateOf: string | undefined; signInLost: boolean; location?: string | undefined }

/**
 * Replaces credentials of a connection, under the same id: all of it or nothing, with its audit event.
 * A refusal leaves those in force untouched. A dry run answers what the carrier says and saves nothing.
 */
export function changeCredentials(
  ctx: Context,
  actor: Actor,
  change: Change<Extract<ChangeKind, { kind: 'credentials' }>>,
): Promise<Verified<Changed>> {
  return carryOut(ctx, actor, change.change.verify, operationOf(ctx, actor, change))
}

/** Changes settings of a connection, with its audit event; no credential is touched, and no carrier asked. */
export async function changeSettings(
  ctx: Context,
  actor: Actor,
  change: Change<Extract<ChangeKind, { kind: 'settings' }>>,
): Promise<Changed> {
  const { saved } = await verifyAndSave(ctx, actor, operationOf(ctx, actor, change))
  return saved
}

const operationOf = (ctx: Context, actor: Actor, change: Change): Operation<Planned, Changed> => ({
  plan: (db, opener) => planInside(db, actor, opener, change),
  verify: (planned) => verifyPlan(ctx, actor, change, planned),
  isSame: (verified, now) =>
    change.change.kind === 'settings' || isDeepStrictEqual(askedOf(verified), askedOf(now)),
  save: (tx, planned, proof) => savePlan(ctx, tx, actor, change, { planned, proof }),
})

const valuesOf = ({ credentials, settings }: Plan) => provable(credentials, settings)
const askedOf = ({ plan }: Planned) => withoutSignIn(valuesOf(plan))

async function verifyPlan(
  ctx: Context,
  actor: Actor,
  { carrier, carrierId, change }: Change,
  { connection, held: now, plan }: Planned,
): Promise<Proof> {
  if (change.kind === 'settings') return UNTOUCHED
  const waits = plan.signInLost ? SIGN_IN_LOST : isWaiting(connection) && WAITS
  if (waits) return acceptWaiting(carrier, waits, change.verify)
  const held = { values: provable(now.credentials, now.settings), state: connection.state }
  return requireProof(ctx, actor, { carrier, values: valuesOf(plan), wish: change.verify, carrierId, held })
}

/** Plans what a change comes to, from what `db` reads; refuses what cannot be. */
async function planInside(db: Db, actor: Actor, opener: Opener, request: Change): Promise<Planned> {
  const { carrier, carrierId, form, parts, change } = request
  const connection = await findConnection(db, keyOf(actor, carrierId))
  if (!connection || connection.carrier !== carrier.id) return refuseUnknown()
  requireVersion(connection, request.ifMatch)
  const held = hold(opener, connection)
  const how = change.kind === 'credentials' ? change.how : 'merge'
  const plan = planChange(carrier, form, held, parts, how)
  const { credentials, accountChanged } = plan
  const duplicateOf = accountChanged
    ? await refuseDuplicate(db, actor, { carrier, credentials, carrierId })
    : undefined
  return { connection, held, plan, duplicateOf }
}

async function savePlan(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  request: Change,
  { planned, proof }: { planned: Planned; proof: Proof },
): Promise<Changed> {
  const { carrier, carrierId, change } = request
  const { connection, plan, duplicateOf } = planned
  const { signInLost } = plan
  const { version, credentials_version: credentialsVersion } = connection
  if (change.kind === 'settings' && plan.changed.length === 0)
    return { carrierId, version, credentialsVersion, duplicateOf, signInLost }
  if (plan.becomesPrimary) await demotePrimary(ctx, tx, actor, carrier)
  const begun = signInLost ? beginInstead(ctx, actor, carrier, carrierId) : undefined
  const saved = await saveConnection(ctx, tx, actor, composeSave(ctx, planned, request, { proof, begun }))
  return { ...saved, duplicateOf, signInLost, ...(begun && { location: begun.location }) }
}

function hold(opener: Opener, connection: Connection): Held {
  const opened = opener.contents(connection).reveal() as Pick<Held, 'credentials' | 'settings'>
  return { nickname: connection.nickname, isPrimary: connection.is_primary === 1, ...opened }
}

const ACTIONS = { credentials: 'connection.updated', settings: 'connection.settings_updated' } as const

function composeSave(
  ctx: Context,
  { connection, held, plan }: Planned,
  { carrier, form, change }: Change,
  { proof, begun }: { proof: Proof; begun: Begun | undefined },
): Save {
  const isUpdate = change.kind === 'credentials'
  const credentials = isUpdate ? replaceCredentials(ctx, connection, held, plan) : undefined
  const isOther = plan.provedOtherwise && !isWaiting(connection)
  const checked = credentials
    ? checkedAfter(ctx, carrier, proof, connection, credentials.sealed)
    : isOther
      ? checkedNever(ctx, connection)
      : undefined
  const isPrimary = held.isPrimary || plan.becomesPrimary
  return {
    before: connection,
    after: {
      nickname: plan.nickname,
      ...(plan.becomesPrimary && { isPrimary }),
      ...(plan.signInLost && { status: 'pending_approval' }),
      ...(credentials && { credentials }),
      settings: plan.settings,
      checked,
      signIn: begun?.row,
    },
    event: {
      action: ACTIONS[change.kind],
      fields: plan.changed,
      changes: shownChanges(carrier, held, { ...plan, isPrimary }, form),
      ...(isUpdate && proof.outcome !== 'verified' && { outcome: 'unverified' }),
    },
  }
}

/** Credentials that worked and are in force already have nothing to lose by being given again. */
function checkedAfter(
  ctx: Context,
  carrier: Carrier,
  proof: Proof,
  connection: Connection,
  { credentials_version }: Pick<Connection, 'credentials_version'>,
) {
  const isSame = credentials_version === connection.credentials_version
  const works = connection.state === 'verified' || connection.state === 'degraded'
  if (!isSame || !works) return checkedNow(ctx, carrier, proof, connection)
  return proof.asked ? checkedAgain(ctx, proof, connection) : undefined
}
