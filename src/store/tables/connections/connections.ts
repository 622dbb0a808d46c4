import { renewTerms } from './connection-terms.ts'
import { locksRows, type Db, type Tx } from '../../db.ts'
import type { Connection, NewConnection } from '../../schema/tables.ts'
import { byConnection, inScope, type ConnectionKey, type Scope } from '../../scope.ts'

/** The connection with this id; a foreign id finds nothing, like an absent one. */
export function findConnection(db: Db, key: ConnectionKey): Promise<Connection | undefined> {
  return db
    .selectFrom('connection')
    .selectAll()
    .where((eb) => eb.and(byConnection(key)))
    .executeTakeFirst()
}

export type LockedConnection = Pick<Connection, 'carrier_id' | 'carrier' | 'mode' | 'version'>

/** Those of these connections that are there; until the transaction ends nobody changes or removes one. They are locked in the order of their ids. */
export function lockConnections(
  tx: Tx,
  scope: Scope,
  carrierIds: readonly string[],
): Promise<LockedConnection[]> {
  return tx
    .selectFrom('connection')
    .select(['carrier_id', 'carrier', 'mode', 'version'])
    .where((eb) => eb.and(inScope(scope)))
    .where('carrier_id', 'in', carrierIds)
    .orderBy('carrier_id')
    .$if(locksRows(tx), (query) => query.forUpdate())
    .execute()
}

/** The connection, which nobody changes or removes until the transaction ends; `undefined` where there is none. */
export async function lockConnection(tx: Tx, key: ConnectionKey): Promise<LockedConnection | undefined> {
  return (await lockConnections(tx, key, [key.carrierId]))[0]
}

/** The oldest connection of `carrier` for the account, or the newest, by when it came into being; the account is compared as `account_key`. */
export function findByAccount(
  db: Db,
  scope: Scope,
  carrier: string,
  accountKey: string,
  which: 'oldest' | 'newest' = 'oldest',
): Promise<Pick<Connection, 'carrier_id' | 'created_seq'> | undefined> {
  return db
    .selectFrom('connection')
    .select(['carrier_id', 'created_seq'])
    .where((eb) => eb.and({ ...inScope(scope), carrier, account_key: accountKey }))
    .orderBy('created_seq', which === 'oldest' ? 'asc' : 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** The primary connection of `carrier`; there is at most one. */
export function findPrimary(
  db: Db,
  scope: Scope,
  carrier: string,
): Promise<Pick<Connection, 'carrier_id'> | undefined> {
  return db
    .selectFrom('connection')
    .select('carrier_id')
    .where((eb) => eb.and({ ...inScope(scope), carrier, is_primary: 1 }))
    .executeTakeFirst()
}

/** The oldest connection of `carrier`, or `undefined`; `except` one. */
export function findOldest(
  db: Db,
  scope: Scope,
  carrier: string,
  except = '',
): Promise<Pick<Connection, 'carrier_id'> | undefined> {
  return db
    .selectFrom('connection')
    .select('carrier_id')
    .where((eb) => eb.and({ ...inScope(scope), carrier }))
    .where('carrier_id', '!=', except)
    .orderBy('created_seq')
    .limit(1)
    .executeTakeFirst()
}

/** What a listing shows of a connection: nothing sealed. */
export type ListedConnection = Omit<
  Connection,
  'credentials' | 'settings' | 'account_key' | 'degraded_at' | 'trouble_told' | 'open_shipments'
>

const LISTED = [
  'tenant_id',
  'environment',
  'carrier_id',
  'mode',
  'carrier',
  'scac',
  'nickname',
  'account_number',
  'is_primary',
  'connection_status',
  'version',
  'created_seq',
  'created_at',
  'updated_at',
  'credentials_version',
  'settings_version',
  'state',
  'state_since',
  'checked_at',
  'diagnosis',
  'failed_checks',
] as const

/** At most `limit` connections that came after `afterSeq`, oldest first. */
export function listConnections(
  db: Db,
  scope: Scope,
  mode: Connection['mode'],
  page: { afterSeq: number; limit: number },
): Promise<ListedConnection[]> {
  return db
    .selectFrom('connection')
    .select(LISTED)
    .where((eb) => eb.and({ ...inScope(scope), mode }))
    .where('created_seq', '>', page.afterSeq)
    .orderBy('created_seq')
    .limit(page.limit)
    .execute()
}

/** The number of the connection that comes `count` after another, of one mode; `undefined` where fewer are left. One statement passes over them: `count` is to be no more than `PART`. */
export async function findSeqAfter(
  db: Db,
  scope: Scope,
  mode: Connection['mode'],
  { afterSeq, count }: { afterSeq: number; count: number },
): Promise<number | undefined> {
  const found = await db
    .selectFrom('connection')
    .select('created_seq')
    .where((eb) => eb.and({ ...inScope(scope), mode }))
    .where('created_seq', '>', afterSeq)
    .orderBy('created_seq')
    .limit(1)
    .offset(count - 1)
    .executeTakeFirst()
  return found?.created_seq
}

/** Keeps what a check found; the version stays, since nothing that a caller gave has changed. */
export async function noteCheck(
  tx: Tx,
  key: ConnectionKey,
  found: Pick<
    Connection,
    'state' | 'state_since' | 'checked_at' | 'diagnosis' | 'failed_checks' | 'degraded_at' | 'trouble_told'
  >,
): Promise<void> {
  await tx
    .updateTable('connection')
    .set(found)
    .where((eb) => eb.and(byConnection(key)))
    .execute()
}

/** Adds a connection. */
export async function insertConnection(tx: Tx, row: NewConnection): Promise<void> {
  await tx.insertInto('connection').values(row).execute()
  const { tenant_id: tenantId, environment, carrier_id: carrierId } = row
  await renewTerms(tx, { tenantId, environment, carrierId })
}

export type ConnectionChange = Partial<
  Pick<
    Connection,
    | 'nickname'
    | 'account_number'
    | 'account_key'
    | 'is_primary'
    | 'connection_status'
    | 'credentials'
    | 'credentials_version'
    | 'settings'
    | 'settings_version'
    | 'state'
    | 'state_since'
    | 'checked_at'
    | 'diagnosis'
    | 'failed_checks'
    | 'degraded_at'
    | 'trouble_told'
    | 'open_shipments'
  >
>

/** Writes only over the version the caller read, and counts it up by one; `false` means another request came first. */
export async function changeConnection(
  tx: Tx,
  key: ConnectionKey,
  seenVersion: number,
  change: ConnectionChange & { updated_at: string },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('connection')
    .set({ ...change, version: seenVersion + 1 })
    .where((eb) => eb.and({ ...byConnection(key), version: seenVersion }))
    .executeTakeFirst()
  if (change.nickname !== undefined || change.account_number !== undefined) await renewTerms(tx, key)
  return numUpdatedRows === 1n
}

/**
 * Puts other credentials in the place of the version that the caller read; `false` means that another came first.
 * The connection's own version stays, since nothing that a caller gave has changed.
 */
export async function rotateCredentials(
  tx: Tx,
  key: ConnectionKey,
  seenVersion: number,
  next: Pick<Connection, 'credentials' | 'credentials_version'>,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('connection')
    .set(next)
    .where((eb) => eb.and({ ...byConnection(key), credentials_version: seenVersion }))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Removes the connection with all that is sealed in it. */
export async function deleteConnection(tx: Tx, key: ConnectionKey): Promise<void> {
  await tx
    .deleteFrom('connection')
    .where((eb) => eb.and(byConnection(key)))
    .execute()
}
