import type { ExpressionBuilder } from 'kysely'
import type { Db, Tx } from '../../db.ts'
import { findPage, PART, type Span } from '../../pages.ts'
import type { BuriedConnection, Connection, Schema, Tombstone } from '../../schema/tables.ts'
import { byConnection, inScope, type ConnectionKey, type Scope } from '../../scope.ts'

/** Keeps the name of a connection that is deleted; without `buried`, nothing else is left of it. */
export async function insertTombstone(
  tx: Tx,
  connection: Connection,
  at: string,
  buried?: Pick<BuriedConnection, 'sealed' | 'erase_after' | 'had_twin' | 'deleted_seq'>,
): Promise<void> {
  const { tenant_id, environment, carrier_id, carrier, scac, nickname, created_at } = connection
  const key = { tenant_id, environment, carrier_id }
  const erased_at = buried ? null : at
  await tx
    .insertInto('tombstone')
    .values({ ...key, carrier, scac, nickname, created_at, deleted_at: at, erased_at })
    .execute()
  if (!buried) return
  const { mode, account_number, account_key, connection_status, version, created_seq } = connection
  const { credentials_version, settings_version, state, state_since, checked_at, diagnosis } = connection
  const { open_shipments, trouble_told } = connection
  await tx
    .insertInto('buried_connection')
    .values({
      ...{ ...key, mode, carrier, scac, account_number, account_key, connection_status, version },
      ...{ created_seq, created_at, credentials_version, settings_version, state, state_since },
      ...{ checked_at, diagnosis, open_shipments, trouble_told, ...buried },
    })
    .execute()
}

/** The name that is left of a deleted connection. */
export function findTombstone(db: Db, key: ConnectionKey): Promise<Tombstone | undefined> {
  return db
    .selectFrom('tombstone')
    .selectAll()
    .where((eb) => eb.and(byConnection(key)))
    .executeTakeFirst()
}

/** What can be restored of a deleted connection. */
export function findBuried(db: Db, key: ConnectionKey): Promise<BuriedConnection | undefined> {
  return db
    .selectFrom('buried_connection')
    .selectAll()
    .where((eb) => eb.and(byConnection(key)))
    .executeTakeFirst()
}

/** The connection of an account that was deleted last and can be restored at `at`. */
export function findBuriedByAccount(
  db: Db,
  scope: Scope,
  carrier: string,
  accountKey: string,
  at: string,
): Promise<Pick<BuriedConnection, 'carrier_id'> | undefined> {
  return db
    .selectFrom('buried_connection')
    .select('carrier_id')
    .where((eb) => eb.and({ ...inScope(scope), carrier, account_key: accountKey }))
    .where('erase_after', '>', at)
    .orderBy('erase_after', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** Whether a connection of an account is kept that had a twin, and was deleted after this event. */
export async function hasBuriedTwin(
  db: Db,
  scope: Scope,
  carrier: string,
  accountKey: string,
  afterSeq: number,
): Promise<boolean> {
  const twin = await db
    .selectFrom('buried_connection')
    .select('carrier_id')
    .where((eb) => eb.and({ ...inScope(scope), carrier, account_key: accountKey, had_twin: 1 }))
    .where('deleted_seq', '>', afterSeq)
    .limit(1)
    .executeTakeFirst()
  return twin !== undefined
}

/** Puts other sealed bytes of the same version in the place of what is kept of a deleted connection. */
export async function resealBuried(tx: Tx, key: ConnectionKey, sealed: Uint8Array): Promise<void> {
  await tx
    .updateTable('buried_connection')
    .set({ sealed })
    .where((eb) => eb.and(byConnection(key)))
    .execute()
}

/** Removes what was kept of a deleted connection, as it comes back; `false` when it was gone already. */
export async function unburyConnection(tx: Tx, key: ConnectionKey): Promise<boolean> {
  const isGone = await removeBuried(tx, key)
  await tx
    .deleteFrom('tombstone')
    .where((eb) => eb.and(byConnection(key)))
    .execute()
  return isGone
}

/** Erases what is sealed of a deleted connection and leaves its name; `false` when there was nothing to erase. */
export async function eraseBuried(tx: Tx, key: ConnectionKey, at: string): Promise<boolean> {
  if (!(await removeBuried(tx, key))) return false
  await tx
    .updateTable('tombstone')
    .set({ erased_at: at })
    .where((eb) => eb.and(byConnection(key)))
    .execute()
  return true
}

async function removeBuried(tx: Tx, key: ConnectionKey): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('buried_connection')
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

/** A deleted connection as it is listed; `erase_after` as long as it can be restored. */
export type ListedTombstone = Tombstone & { erase_after: string | null }

/** One page of the deleted connections, those deleted last first, and how many there are. */
export async function listTombstones(
  db: Db,
  scope: Scope,
  { carrier, carrierId }: { carrier: string | undefined; carrierId: string | undefined },
  page: { limit: number; offset: number },
): Promise<{ rows: ListedTombstone[]; total: number }> {
  const own = db
    .selectFrom('tombstone')
    .where('tombstone.tenant_id', '=', scope.tenantId)
    .where('tombstone.environment', '=', scope.environment)
  const inOrder = ({ after, last }: Span<Place>) =>
    own
      .$if(after !== undefined, (query) => query.where((eb) => eb(placeOf(eb), '<', tupleOf(eb, after))))
      .$if(last !== undefined, (query) => query.where((eb) => eb(placeOf(eb), '>=', tupleOf(eb, last))))
  const matching = (span: Span<Place>) =>
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
        .leftJoin('buried_connection', (join) =>
          join
            .onRef('buried_connection.tenant_id', '=', 'tombstone.tenant_id')
            .onRef('buried_connection.environment', '=', 'tombstone.environment')
            .onRef('buried_connection.carrier_id', '=', 'tombstone.carrier_id'),
        )
        .selectAll('tombstone')
        .select('buried_connection.erase_after')
        .orderBy('tombstone.deleted_at', 'desc')
        .orderBy('tombstone.carrier_id', 'desc')
        .limit(limit)
        .offset(offset)
        .execute(),
  })
}

type Place = Pick<Tombstone, 'deleted_at' | 'carrier_id'>
type InTombstones = ExpressionBuilder<Schema, 'tombstone'>

const placeOf = (eb: InTombstones) => eb.refTuple('tombstone.deleted_at', 'tombstone.carrier_id')
const tupleOf = (eb: InTombstones, place: Place | undefined) =>
  eb.tuple(place?.deleted_at ?? '', place?.carrier_id ?? '')
