import { accountKey, accountNumber } from '../../catalog/account.ts'
import type { Action } from '../../audit/actions.ts'
import { auditEntry, type EventToRecord } from '../../audit/record-event.ts'
import type { Values } from '../../catalog/forms/validate.ts'
import type { Actor, Context } from '../../context.ts'
import { fingerprint, sealSettings } from '../../custody/sealed-values.ts'
import { Secret } from '../../secret.ts'
import { writeConnection, type ConnectionWrite } from '../../store/tables/connections/connection-writes.ts'
import type { ConnectionChange } from '../../store/tables/connections/connections.ts'
import type { Tx } from '../../store/db.ts'
import type { Connection, NewConnection, SignInRow } from '../../store/schema/tables.ts'
import { outboxEntry, type Announcement } from '../../webhooks/announce.ts'
import type { CheckResult } from '../verification/next-check.ts'
import type { Replacement } from './replace-credentials.ts'
import { carrierOf, connectionKey } from '../request/require.ts'
import { listStateAnnouncements } from '../verification/announce-state.ts'

/** A first row is the row of a connection that is connected or restored. All versions are 0 for a connect; a restore gives the versions and the sequence number that the connection had. */
export type FirstRow = Omit<
  NewConnection,
  'account_number' | 'account_key' | 'credentials' | 'settings' | 'updated_at' | 'created_seq'
> & { created_seq?: number }

/** Describes the first contents of a connection, and the time of its first check; `nextCheckAt` is absent where no check is planned. */
type First = { credentials: Replacement; settings: Values; nextCheckAt?: string | null } & WithSignIn

/** Describes a connection after a change; an absent member stays as it is. */
export type NextContents = {
  nickname?: string | null
  isPrimary?: boolean
  status?: Connection['connection_status']
  openShipments?: Connection['open_shipments']
  credentials?: Replacement
  settings?: Values
  /** `checked` says what is known of the credentials from now on, and when they are checked next. */
  checked?: CheckResult<BeforeChange> | undefined
} & WithSignIn

type BeforeChange = Pick<Connection, 'state' | 'diagnosis' | 'trouble_told'> & ConnectionChange

/** `signIn` is the row of a sign-in at the carrier that begins with the change. */
type WithSignIn = { signIn?: SignInRow | undefined }

/** Describes the audit event of a change. `saveConnection` adds the id, the version and the digest of what is sealed. */
type Event = Pick<EventToRecord, 'fields' | 'changes' | 'outcome'> & { action: Action }

/** A save is a change of one connection, from what was read to what is to be written. */
export type ConnectionSave = ChangeToSave | BeginningToSave
type ChangeToSave = { before: Connection; after: NextContents; event: Event }
type BeginningToSave = { isNew: true; before: FirstRow; after: First; event: Event }

/** Describes which connection was written, and its versions after that. */
export type SavedConnection = { carrierId: string; version: number; credentialsVersion: number }

/**
 * Writes a change of a connection together with the previous credentials, a begun sign-in, the next check, the audit event, and the messages to webhooks.
 * The transaction `tx` must have read `before`, and the row is written over that version. Two things are written elsewhere: what a carrier says about credentials, and a refresh token that a carrier replaces.
 */
export async function saveConnection(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  save: ConnectionSave,
): Promise<SavedConnection> {
  const { before, after } = save
  await writeConnection(
    tx,
    'isNew' in save ? composeBeginning(ctx, actor, save) : composeChange(ctx, actor, save),
  )
  const { credentials_version } = after.credentials?.sealed ?? before
  const { carrier_id: carrierId, version } = before
  return { carrierId, version: version + 1, credentialsVersion: credentials_version }
}

function composeBeginning(
  ctx: Context,
  actor: Actor,
  { before, after, event }: BeginningToSave,
): ConnectionWrite {
  const { nextCheckAt, signIn } = after
  const { values, sealed } = after.credentials
  const settings_version = before.settings_version + 1
  const settings = sealSettings(ctx, before, settings_version, new Secret(after.settings))
  const added = {
    ...before,
    ...accountOf(before, values),
    ...sealed,
    settings,
    settings_version,
    version: before.version + 1,
    updated_at: ctx.clock().toISOString(),
    created_seq: before.created_seq,
  }
  return {
    key: connectionKey(actor, before.carrier_id),
    row: { added },
    signIn,
    check: nextCheckAt === undefined ? undefined : { carrier: before.carrier, dueAt: nextCheckAt },
    event: entryOf(ctx, actor, { before, event, envelopeHash: fingerprint(sealed.credentials, settings) }),
    messages: tellingOf(event).map((telling) => outboxEntry(ctx, actor, telling)),
  }
}

function composeChange(ctx: Context, actor: Actor, { before, after, event }: ChangeToSave): ConnectionWrite {
  const { credentials, checked, signIn } = after
  const settings = after.settings && sealedSettings(ctx, before, after.settings)
  const changed = {
    ...marksOf(before, after),
    ...(credentials && { ...accountOf(before, credentials.values), ...credentials.sealed }),
    ...settings,
    ...checked?.columns,
    updated_at: ctx.clock().toISOString(),
  }
  const now = { ...before, ...changed }
  const envelopeHash = credentials || settings ? fingerprint(now.credentials, now.settings) : undefined
  const tellings = [...tellingOf(event), ...(checked ? listStateAnnouncements(before, checked.columns) : [])]
  return {
    key: connectionKey(actor, before.carrier_id),
    row: { seenVersion: before.version, changed },
    superseded: credentials?.superseded,
    signIn,
    check: checked && { carrier: before.carrier, dueAt: checked.nextCheckAt },
    event: entryOf(ctx, actor, { before, event, envelopeHash }),
    messages: tellings.map((telling) => outboxEntry(ctx, actor, telling)),
  }
}

/** Returns the changed columns that are not sealed; a nickname that stays is not written again, since the search is built on nicknames. */
function marksOf(
  before: Connection,
  { nickname, isPrimary, status, openShipments }: NextContents,
): ConnectionChange {
  return {
    ...(nickname !== undefined && nickname !== before.nickname && { nickname }),
    ...(isPrimary !== undefined && { is_primary: isPrimary ? 1 : 0 }),
    ...(status !== undefined && { connection_status: status }),
    ...(openShipments !== undefined && { open_shipments: openShipments }),
  }
}

function sealedSettings(ctx: Context, before: Connection, values: Values) {
  const settings_version = before.settings_version + 1
  return { settings: sealSettings(ctx, before, settings_version, new Secret(values)), settings_version }
}

function accountOf(before: Pick<Connection, 'carrier'>, values: Values) {
  const account_number = accountNumber(carrierOf(before), values)
  return { account_number, account_key: accountKey(account_number) }
}

function entryOf(
  ctx: Context,
  actor: Actor,
  {
    before,
    event,
    envelopeHash,
  }: { before: FirstRow | Connection; event: Event; envelopeHash?: Buffer | undefined },
) {
  return auditEntry(ctx, actor, {
    ...event,
    carrierId: before.carrier_id,
    version: before.version + 1,
    ...(envelopeHash && { envelopeHash }),
  })
}

/** Returns the messages to webhooks about an event; a change of a delete policy has none. */
function tellingOf({ action }: Event): Announcement[] {
  if (action === 'connection.policy_updated') return []
  const isBeginning = action === 'connection.connected' || action === 'connection.restored'
  return [{ type: isBeginning ? 'carrier_connected' : 'connection.updated' }]
}
