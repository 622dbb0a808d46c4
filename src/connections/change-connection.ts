import { isDeepStrictEqual } from 'node:util'
import type { Carrier, Fields } from '../catalog/define.ts'
import type { Action } from '../audit/actions.ts'
import { changesBetween } from '../audit/changes.ts'
import type { Actor, Context } from '../context.ts'
import { openCredentials, openSettings } from '../custody/sealed-values.ts'
import { fail } from '../errors.ts'
import { findConnection, findPrimary } from '../store/connections.ts'
import type { Db, Tx } from '../store/db.ts'
import type { Connection } from '../store/schema.ts'
import { findDuplicate, refuseDuplicate } from './add-connection.ts'
import { beginInstead, type Begun } from './begin-sign-in.ts'
import { checkedAgain, checkedNever, checkedNow } from './check-times.ts'
import type { Proof } from './findings.ts'
import { guardIntegrity } from './guard-integrity.ts'
import { planChange, type Held, type Plan } from './plan-change.ts'
import { acceptWaiting, requireProof, UNTOUCHED, type VerifyWish } from './prove.ts'
import { replaceCredentials } from './replace-credentials.ts'
import { keyOf, refuseUnknown } from './require.ts'
import { saveConnection, type Save } from './save-connection.ts'
import { shownChanges } from './shown-values.ts'
import { isWaiting, SIGN_IN_LOST, WAITS, withoutSignIn } from './signed-in.ts'
import { keepMinted } from './token-claim.ts'
import { accountKey, accountNumber, provable, type Parts } from './values.ts'
import { requireVersion, type IfMatch } from './versions.ts'

export type Change = {
  carrier: Carrier
  carrierId: string
  form: Fields
  parts: Parts
  how: 'merge' | 'replace'
  action: Action
  ifMatch: IfMatch
  verify?: VerifyWish
}

type Changed = {
  version: number
  duplicateOf: string | undefined
  proof: Proof
  /** Of a change that the sign-in at the carrier does not go with; `location` is where to send the merchant for another. */
  signInLost: boolean
  location?: string | undefined
}
type Written = Omit<Changed, 'proof'> & { credentialsVersion: number }

/**
 * Replaces what a connection holds, under the same id: all of it or nothing, with its audit event.
 * New credentials are proved before the transaction, which decides again on what it reads: of two writers each replaces
 * what the other left, and what was proved is what is stored. A refusal leaves the old ones in force, untouched.
 */
export function applyChange(ctx: Context, actor: Actor, change: Change): Promise<Changed> {
  return guardIntegrity(ctx, actor, change.carrierId, () => proveAndChange(ctx, actor, change))
}

/** What a change would do, after asking the carrier and without storing anything. */
export function rehearseChange(ctx: Context, actor: Actor, change: Change): Promise<Proof> {
  return guardIntegrity(ctx, actor, change.carrierId, async () => {
    const prepared = await ctx.store.read(actor.tenantId, (db) => prepare(ctx, db, actor, change))
    return proveCredentials(ctx, actor, change, prepared)
  })
}

const ATTEMPTS = 5

type Proved = Readonly<Record<string, unknown>>

async function proveAndChange(ctx: Context, actor: Actor, change: Change): Promise<Changed> {
  let proved: { values: Proved; proof: Proof } | undefined
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const prepared = await ctx.store.read(actor.tenantId, (db) => prepare(ctx, db, actor, change))
    const planned = withoutSignIn(valuesOf(prepared.plan))
    if (!proved || !isDeepStrictEqual(proved.values, planned))
      proved = { values: planned, proof: await proveCredentials(ctx, actor, change, prepared) }
    const { values, proof } = proved
    const done = await ctx.store.transaction(actor.tenantId, (tx) =>
      changeInside(ctx, tx, actor, change, values, proof),
    )
    if (!done) continue
    const { credentialsVersion, ...changed } = done
    await keepMinted(ctx, actor, change.carrierId, credentialsVersion, proof)
    return { ...changed, proof }
  }
  return fail('too_busy', 'The connection is being changed by others all the time; try again.')
}

type Prepared = { connection: Connection; held: Held; plan: Plan; duplicateOf: string | undefined }

async function proveCredentials(
  ctx: Context,
  actor: Actor,
  { carrier, carrierId, action, verify: wish }: Change,
  { connection, held: now, plan }: Prepared,
): Promise<Proof> {
  if (action === 'connection.settings_updated') return UNTOUCHED
  const waits = plan.signInLost ? SIGN_IN_LOST : isWaiting(connection) && WAITS
  if (waits) return acceptWaiting(carrier, waits, wish)
  const held = { values: provable(now.credentials, now.settings), state: connection.state }
  return requireProof(ctx, actor, { carrier, values: valuesOf(plan), wish, carrierId, held })
}

const valuesOf = ({ credentials, settings }: Plan) => provable(credentials, settings)

/** What a change comes to, decided from what `db` reads; refuses what cannot be. */
async function prepare(ctx: Context, db: Db, actor: Actor, change: Change): Promise<Prepared> {
  const { carrier, carrierId, form, parts, how } = change
  const connection = await findConnection(db, keyOf(actor, carrierId))
  if (!connection || connection.carrier !== carrier.id) return refuseUnknown()
  requireVersion(connection, change.ifMatch)
  const held = hold(ctx, connection)
  const plan = planChange(carrier, form, held, parts, how)
  const duplicateOf = await checkDuplicate(db, actor, carrier, plan)
  return { connection, held, plan, duplicateOf }
}

/** `undefined` when what is stored has moved on, so that the credentials would not be the proved ones. */
async function changeInside(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  change: Change,
  proved: Proved,
  proof: Proof,
): Promise<Written | undefined> {
  const prepared = await prepare(ctx, tx, actor, change)
  const { connection, plan, duplicateOf } = prepared
  const isSettings = change.action === 'connection.settings_updated'
  const { version, credentials_version: credentialsVersion } = connection
  const { signInLost } = plan
  if (isSettings && plan.changed.length === 0) return { version, credentialsVersion, duplicateOf, signInLost }
  if (!isSettings && !isDeepStrictEqual(withoutSignIn(valuesOf(plan)), proved)) return undefined
  if (plan.becomesPrimary) await demotePrimary(ctx, tx, actor, change.carrier)
  const begun = signInLost ? beginInstead(ctx, actor, change.carrier, change.carrierId) : undefined
  const saved = await saveConnection(ctx, tx, actor, composeSave(ctx, prepared, change, { proof, begun }))
  return { ...saved, duplicateOf, signInLost, ...(begun && { location: begun.location }) }
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
  db: Db,
  actor: Actor,
  carrier: Carrier,
  plan: Plan,
): Promise<string | undefined> {
  if (!plan.accountChanged) return undefined
  const existing = await findDuplicate(
    db,
    actor,
    carrier,
    accountKey(accountNumber(carrier, plan.credentials)),
  )
  if (existing && carrier.mode === 'parcel') refuseDuplicate(carrier, existing)
  return existing
}

async function demotePrimary(ctx: Context, tx: Tx, actor: Actor, carrier: Carrier): Promise<void> {
  const primary = await findPrimary(tx, actor, carrier.id)
  if (primary) await markPrimary(ctx, tx, actor, { carrierId: primary.carrier_id, isPrimary: false })
}

/** Gives the primary mark to a connection or takes it, as an event of that connection's own. */
export async function markPrimary(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { carrierId, isPrimary }: { carrierId: string; isPrimary: boolean },
): Promise<void> {
  const before = (await findConnection(tx, keyOf(actor, carrierId))) ?? refuseUnknown()
  await saveConnection(ctx, tx, actor, {
    before,
    after: { isPrimary },
    event: {
      action: 'connection.updated',
      fields: ['is_primary_account'],
      changes: changesBetween({ is_primary_account: !isPrimary }, { is_primary_account: isPrimary }),
    },
  })
}

function composeSave(
  ctx: Context,
  { connection, held, plan }: Prepared,
  { carrier, form, action }: Change,
  { proof, begun }: { proof: Proof; begun: Begun | undefined },
): Save {
  const isUpdate = action === 'connection.updated'
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
      action,
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
