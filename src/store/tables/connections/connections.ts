import { renewTerms } from './connection-terms.ts'
import { locksRows, type Db, type Tx } from '../../db.ts'
import type { Connection, NewConnection } from '../../schema/tables.ts'
import {
  byConnection,
  inScope,
  type AccountOfCarrier,
  type ConnectionKey,
  type TenantScope,
} from '../../scope.ts'

/** Finds the connection with this id; the id of another tenant's connection finds nothing, like a missing id. */
export function findConnection(db: Db, key: ConnectionKey): Promise<Connection | undefined> {
  return db
    .selectFrom('connection')
    .selectAll()
    .where((eb) => eb.and(byConnection(key)))
    .executeTakeFirst()
}

export type LockedConnection = Pick<Connection, 'carrier_id' | 'carrier' | 'mode' | 'version'>

/** Locks those of the given connections that exist, in the order of their ids, and returns them; nobody changes or removes one of them until the transaction ends. */
export function lockConnections(
  tx: Tx,
  scope: TenantScope,
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

/** Locks and returns a connection, which nobody changes or removes until the transaction ends; returns `undefined` where there is none. */
export async function lockConnection(tx: Tx, key: ConnectionKey): Promise<LockedConnection | undefined> {
  return (await lockConnections(tx, key, [key.carrierId]))[0]
}

/** Finds the oldest connection of an account, or the newest one, in the order in which connections were connected. */
export function findByAccount(
  db: Db,
  scope: TenantScope,
  { carrier, accountKey, which = 'oldest' }: AccountOfCarrier & { which?: 'oldest' | 'newest' },
): Promise<Pick<Connection, 'carrier_id' | 'created_seq'> | undefined> {
  return db
    .selectFrom('connection')
    .select(['carrier_id', 'created_seq'])
    .where((eb) => eb.and({ ...inScope(scope), carrier, account_key: accountKey }))
    .orderBy('created_seq', which === 'oldest' ? 'asc' : 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** Finds the primary connection of `carrier`; there is at most one. */
export function findPrimary(
  db: Db,
  scope: TenantScope,
  carrier: string,
): Promise<Pick<Connection, 'carrier_id'> | undefined> {
  return db
    .selectFrom('connection')
    .select('carrier_id')
    .where((eb) => eb.and({ ...inScope(scope), carrier, is_primary: 1 }))
    .executeTakeFirst()
}

/** Finds the oldest connection of `carrier`, leaving out the connection with the id `except`. */
export function findOldest(
  db: Db,
  scope: TenantScope,
  { carrier, except }: { carrier: string; except: string },
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

/** A listed connection holds the columns that a listing shows, and nothing sealed. */
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

/** Lists at most `limit` connections of one mode with a `created_seq` above `afterSeq`, oldest first. */
export function listConnections(
  db: Db,
  scope: TenantScope,
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

/**
 * Finds the `created_seq` of the connection that comes `count` connections of one mode after `afterSeq`; returns `undefined` where fewer connections are left.
 * One statement passes over all `count` connections, so `count` must not be more than `PART` of `pages.ts`.
 */
export async function findSeqAfter(
  db: Db,
  scope: TenantScope,
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

/** Writes the outcome of a check; the version stays the same, because no value that a caller gave has changed. */
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

/** Adds a connection with its search terms. */
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

/** Changes a connection only where it still has the version `seenVersion`, and increases the version by one; `false` means that another request came first. */
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
 * Replaces the credentials of a connection only where they still have the version `seenVersion`; `false` means that another request came first.
 * The connection's own version stays the same, because no value that a caller gave has changed.
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

/** Removes a connection with all its sealed values. */
export async function deleteConnectionRow(tx: Tx, key: ConnectionKey): Promise<void> {
  await tx
    .deleteFrom('connection')
    .where((eb) => eb.and(byConnection(key)))
    .execute()
}
