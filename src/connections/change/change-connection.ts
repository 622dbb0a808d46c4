import { isDeepStrictEqual } from 'node:util'
import type { Carrier, Fields } from '../../catalog/define.ts'
import type { Actor, Context } from '../../context.ts'
import type { Opener } from '../../custody/opener.ts'
import { findConnection } from '../../store/tables/connections/connections.ts'
import type { Db, Tx } from '../../store/db.ts'
import type { Connection } from '../../store/schema/tables.ts'
import { refuseDuplicate } from './duplicates.ts'
import { beginInstead, type BegunSignIn } from '../sign-in/prepare-sign-in.ts'
import { checkedAgain, checkedNever, checkedNow } from '../verification/next-check.ts'
import type { VerificationResult } from '../carrier/verification-result.ts'
import { planChange, type OpenedConnection, type Plan } from './plan-change.ts'
import { demotePrimary } from './primary.ts'
import {
  acceptWaiting,
  verifyOrRefuse,
  UNTOUCHED,
  type VerifyParameter,
} from '../verification/verify-credentials.ts'
import { replaceCredentials } from './replace-credentials.ts'
import { connectionKey, refuseUnknownConnection } from '../request/require.ts'
import { saveConnection, type ConnectionSave, type SavedConnection } from './save-connection.ts'
import { shownChanges } from './shown-changes.ts'
import { isWaiting, SIGN_IN_LOST, WAITS, withoutSignIn } from '../sign-in/sign-in-state.ts'
import type { AcceptedBody } from '../form/accept-body.ts'
import { valuesToVerify } from '../form/values.ts'
import { carryOut, verifyAndSave, type Operation, type Verified } from './verify-and-save.ts'
import { requireVersion, type IfMatch } from '../request/if-match.ts'

/** A change gives some of the credentials (`merge`), the whole set of credentials (`replace`), or only settings. No carrier is asked about a change of settings. */
export type ChangeKind =
  { kind: 'credentials'; how: 'merge' | 'replace'; verify: VerifyParameter } | { kind: 'settings' }

/** Describes the change of a connection that a body asks for. */
export type ChangeRequest<Kind extends ChangeKind = ChangeKind> = {
  carrier: Carrier
  carrierId: string
  form: Fields
  acceptedBody: AcceptedBody
  ifMatch: IfMatch
  change: Kind
}

type PlannedChange = {
  connection: Connection
  held: OpenedConnection
  plan: Plan
  duplicateOf: string | undefined
}

/** Describes a saved change. `signInLost` is true where the sign-in at the carrier does not belong to the new credentials, and `location` says where the merchant can sign in again. */
type ChangedConnection = SavedConnection & {
  duplicateOf: string | undefined
  signInLost: boolean
  location?: string | undefined
}

/**
 * Replaces credentials of a connection under the same id, and writes the audit event with them: all of it or nothing.
 * A refusal leaves the credentials in force as they were. A dry run returns the outcome and saves nothing.
 */
export function changeCredentials(
  ctx: Context,
  actor: Actor,
  change: ChangeRequest<Extract<ChangeKind, { kind: 'credentials' }>>,
): Promise<Verified<ChangedConnection>> {
  return carryOut(ctx, actor, change.change.verify, operationOf(ctx, actor, change))
}

/** Changes settings of a connection, and writes the audit event with them; no credential is touched, and no carrier is asked. */
export async function changeSettings(
  ctx: Context,
  actor: Actor,
  change: ChangeRequest<Extract<ChangeKind, { kind: 'settings' }>>,
): Promise<ChangedConnection> {
  const { saved } = await verifyAndSave(ctx, actor, operationOf(ctx, actor, change))
  return saved
}

const operationOf = (
  ctx: Context,
  actor: Actor,
  change: ChangeRequest,
): Operation<PlannedChange, ChangedConnection> => ({
  plan: (db, opener) => planInside(db, actor, opener, change),
  verify: (planned) => verifyPlan(ctx, actor, change, planned),
  isSame: (verified, now) =>
    change.change.kind === 'settings' || isDeepStrictEqual(askedOf(verified), askedOf(now)),
  save: (tx, planned, verification) => savePlan(ctx, tx, actor, { request: change, planned, verification }),
})

const valuesOf = ({ credentials, settings }: Plan) => valuesToVerify(credentials, settings)
const askedOf = ({ plan }: PlannedChange) => withoutSignIn(valuesOf(plan))

async function verifyPlan(
  ctx: Context,
  actor: Actor,
  { carrier, carrierId, change }: ChangeRequest,
  { connection, held: now, plan }: PlannedChange,
): Promise<VerificationResult> {
  if (change.kind === 'settings') return UNTOUCHED
  const waits = plan.signInLost ? SIGN_IN_LOST : isWaiting(connection) && WAITS
  if (waits) return acceptWaiting(carrier, waits, change.verify)
  const held = { values: valuesToVerify(now.credentials, now.settings), state: connection.state }
  return verifyOrRefuse(ctx, actor, { carrier, values: valuesOf(plan), wish: change.verify, carrierId, held })
}

/** Reads the connection through `db` and plans the change; refuses a change that is not possible. */
async function planInside(
  db: Db,
  actor: Actor,
  opener: Opener,
  request: ChangeRequest,
): Promise<PlannedChange> {
  const { carrier, carrierId, form, acceptedBody, change } = request
  const connection = await findConnection(db, connectionKey(actor, carrierId))
  if (!connection || connection.carrier !== carrier.id) return refuseUnknownConnection()
  requireVersion(connection, request.ifMatch)
  const held = hold(opener, connection)
  const how = change.kind === 'credentials' ? change.how : 'merge'
  const plan = planChange(carrier, held, { form, acceptedBody, how })
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
  {
    request,
    planned,
    verification,
  }: { request: ChangeRequest; planned: PlannedChange; verification: VerificationResult },
): Promise<ChangedConnection> {
  const { carrier, carrierId, change } = request
  const { connection, plan, duplicateOf } = planned
  const { signInLost } = plan
  const { version, credentials_version: credentialsVersion } = connection
  if (change.kind === 'settings' && plan.changed.length === 0)
    return { carrierId, version, credentialsVersion, duplicateOf, signInLost }
  if (plan.becomesPrimary) await demotePrimary(ctx, tx, actor, carrier)
  const begun = signInLost ? beginInstead(ctx, actor, carrier, carrierId) : undefined
  const saved = await saveConnection(
    ctx,
    tx,
    actor,
    composeSave(ctx, planned, request, { verification, begun }),
  )
  return { ...saved, duplicateOf, signInLost, ...(begun && { location: begun.location }) }
}

function hold(opener: Opener, connection: Connection): OpenedConnection {
  const opened = opener.contents(connection).reveal() as Pick<OpenedConnection, 'credentials' | 'settings'>
  return { nickname: connection.nickname, isPrimary: connection.is_primary === 1, ...opened }
}

const ACTIONS = { credentials: 'connection.updated', settings: 'connection.settings_updated' } as const

function composeSave(
  ctx: Context,
  { connection, held, plan }: PlannedChange,
  { carrier, form, change }: ChangeRequest,
  { verification, begun }: { verification: VerificationResult; begun: BegunSignIn | undefined },
): ConnectionSave {
  const isUpdate = change.kind === 'credentials'
  const credentials = isUpdate ? replaceCredentials(ctx, connection, held, plan) : undefined
  const isOther = plan.verifiesOtherwise && !isWaiting(connection)
  const credentialsVersion = credentials?.sealed.credentials_version
  let checked
  if (credentialsVersion !== undefined)
    checked = checkedAfter(ctx, connection, { carrier, verification, credentialsVersion })
  else if (isOther) checked = checkedNever(ctx, connection)
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
      ...(isUpdate && verification.outcome !== 'verified' && { outcome: 'unverified' }),
    },
  }
}

/** Returns what is known of credentials after an update, and their next check. Credentials that worked and are given again unchanged keep their state, unless the carrier was asked. */
function checkedAfter(
  ctx: Context,
  connection: Connection,
  {
    carrier,
    verification,
    credentialsVersion,
  }: { carrier: Carrier; verification: VerificationResult; credentialsVersion: number },
) {
  const isSame = credentialsVersion === connection.credentials_version
  const works = connection.state === 'verified' || connection.state === 'degraded'
  if (!isSame || !works) return checkedNow(ctx, carrier, verification, connection)
  return verification.asked ? checkedAgain(ctx, verification, connection) : undefined
}
