import type { Db, Tx } from '../../db.ts'
import { inSpan } from '../../in-span.ts'
import { findPage, PART, type PageSpan } from '../../pages.ts'
import type { DeletedConnection, Connection, Tombstone } from '../../schema/tables.ts'
import {
  byConnection,
  inScope,
  type AccountOfCarrier,
  type ConnectionKey,
  type TenantScope,
} from '../../scope.ts'

/** Keeps the name of a connection that is deleted at `at`, and with `deleted` also everything that a restore needs; without `deleted` the connection counts as erased. */
export async function insertTombstone(
  tx: Tx,
  connection: Connection,
  {
    at,
    deleted,
  }: {
    at: string
    deleted: Pick<DeletedConnection, 'sealed' | 'erase_after' | 'had_duplicate' | 'deleted_seq'> | undefined
  },
): Promise<void> {
  const { tenant_id, environment, carrier_id, carrier, scac, nickname, created_at } = connection
  const key = { tenant_id, environment, carrier_id }
  const erased_at = deleted ? null : at
  await tx
    .insertInto('tombstone')
    .values({ ...key, carrier, scac, nickname, created_at, deleted_at: at, erased_at })
    .execute()
  if (!deleted) return
  await tx
    .insertInto('deleted_connection')
    .values({
      ...key,
      mode: connection.mode,
      carrier,
      scac,
      account_number: connection.account_number,
      account_key: connection.account_key,
      connection_status: connection.connection_status,
      version: connection.version,
      created_seq: connection.created_seq,
      created_at,
      credentials_version: connection.credentials_version,
      settings_version: connection.settings_version,
      state: connection.state,
      state_since: connection.state_since,
      checked_at: connection.checked_at,
      diagnosis: connection.diagnosis,
      open_shipments: connection.open_shipments,
      trouble_told: connection.trouble_told,
      ...deleted,
    })
    .execute()
}

/** Finds the name that is left of a deleted connection. */
export function findTombstone(db: Db, key: ConnectionKey): Promise<Tombstone | undefined> {
  return db
    .selectFrom('tombstone')
    .selectAll()
    .where((eb) => eb.and(byConnection(key)))
    .executeTakeFirst()
}

/** Finds a deleted connection that can be restored. */
export function findDeleted(db: Db, key: ConnectionKey): Promise<DeletedConnection | undefined> {
  return db
    .selectFrom('deleted_connection')
    .selectAll()
    .where((eb) => eb.and(byConnection(key)))
    .executeTakeFirst()
}

/** Finds, among the deleted connections of an account that can be restored at `at`, the one that can be restored the longest. */
export function findDeletedByAccount(
  db: Db,
  scope: TenantScope,
  { carrier, accountKey }: AccountOfCarrier,
  at: string,
): Promise<Pick<DeletedConnection, 'carrier_id'> | undefined> {
  return db
    .selectFrom('deleted_connection')
    .select('carrier_id')
    .where((eb) => eb.and({ ...inScope(scope), carrier, account_key: accountKey }))
    .where('erase_after', '>', at)
    .orderBy('erase_after', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** Says whether an account has a deleted connection that can be restored, had a duplicate, and was deleted after the event `afterSeq`. */
export async function hasDeletedDuplicate(
  db: Db,
  scope: TenantScope,
  { carrier, accountKey }: AccountOfCarrier,
  afterSeq: number,
): Promise<boolean> {
  const duplicate = await db
    .selectFrom('deleted_connection')
    .select('carrier_id')
    .where((eb) => eb.and({ ...inScope(scope), carrier, account_key: accountKey, had_duplicate: 1 }))
    .where('deleted_seq', '>', afterSeq)
    .limit(1)
    .executeTakeFirst()
  return duplicate !== undefined
}

/** Replaces the sealed bytes of a deleted connection by other sealed bytes of the same version. */
export async function resealDeleted(tx: Tx, key: ConnectionKey, sealed: Uint8Array): Promise<void> {
  await tx
    .updateTable('deleted_connection')
    .set({ sealed })
    .where((eb) => eb.and(byConnection(key)))
    .execute()
}

/** Removes the name and the sealed values of a deleted connection that is being restored; returns `false` where the sealed values were gone already. */
export async function clearDeleted(tx: Tx, key: ConnectionKey): Promise<boolean> {
  const isGone = await clearDeletedRow(tx, key)
  await tx
    .deleteFrom('tombstone')
    .where((eb) => eb.and(byConnection(key)))
    .execute()
  return isGone
}

/** Erases the sealed values of a deleted connection and leaves its name; returns `false` where there was nothing to erase. */
export async function eraseDeleted(tx: Tx, key: ConnectionKey, at: string): Promise<boolean> {
  if (!(await clearDeletedRow(tx, key))) return false
  await tx
    .updateTable('tombstone')
    .set({ erased_at: at })
    .where((eb) => eb.and(byConnection(key)))
    .execute()
  return true
}

async function clearDeletedRow(tx: Tx, key: ConnectionKey): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('deleted_connection')
    .where((eb) => eb.and(byConnection(key)))
    .executeTakeFirst()
  return numDeletedRows === 1n
}

/** Erases the nickname that is left of a deleted connection. */
export async function eraseNickname(tx: Tx, key: ConnectionKey): Promise<void> {
  await tx
    .updateTable('tombstone')
    .set({ nickname: null })
    .where((eb) => eb.and(byConnection(key)))
    .execute()
}

/** A listed tombstone is the name of a deleted connection, with `erase_after` as long as the connection can be restored. */
export type ListedTombstone = Tombstone & { erase_after: string | null }

/** Returns one page of the deleted connections, the last deleted first, and their number. */
export async function listTombstones(
  db: Db,
  scope: TenantScope,
  { carrier, carrierId }: { carrier: string | undefined; carrierId: string | undefined },
  page: { limit: number; offset: number },
): Promise<{ rows: ListedTombstone[]; total: number }> {
  const own = db
    .selectFrom('tombstone')
    .where('tombstone.tenant_id', '=', scope.tenantId)
    .where('tombstone.environment', '=', scope.environment)
  const inOrder = (span: PageSpan<Place>) => own.where(inSpan(PLACE, span, 'descending'))
  const matching = (span: PageSpan<Place>) =>
    inOrder(span)
      .$if(carrier !== undefined, (query) => query.where('tombstone.carrier', '=', carrier ?? ''))
      .$if(carrierId !== undefined, (query) => query.where('tombstone.carrier_id', '=', carrierId ?? ''))
  return findPage<ListedTombstone, Place>(page, {
    boundary: (after) =>
      inOrder({ after })
        .$if(carrierId !== undefined, (query) => query.where('tombstone.carrier_id', '=', carrierId ?? ''))
        .select(['tombstone.deleted_at', 'tombstone.carrier_id'])
        .orderBy('tombstone.deleted_at', 'desc')
        .orderBy('tombstone.carrier_id', 'desc')
        .offset(PART - 1)
        .limit(1)
        .executeTakeFirst(),
    count: async (span) =>
      (
        await matching(span)
          .select((eb) => eb.fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow()
      ).count,
    rows: (span, { limit, offset }) =>
      matching(span)
        .leftJoin('deleted_connection', (join) =>
          join
            .onRef('deleted_connection.tenant_id', '=', 'tombstone.tenant_id')
            .onRef('deleted_connection.environment', '=', 'tombstone.environment')
            .onRef('deleted_connection.carrier_id', '=', 'tombstone.carrier_id'),
        )
        .selectAll('tombstone')
        .select('deleted_connection.erase_after')
        .orderBy('tombstone.deleted_at', 'desc')
        .orderBy('tombstone.carrier_id', 'desc')
        .limit(limit)
        .offset(offset)
        .execute(),
  })
}

type Place = Pick<Tombstone, 'deleted_at' | 'carrier_id'>
const PLACE = ['tombstone.deleted_at', 'tombstone.carrier_id'] as const
