import { sql } from 'kysely'
import type { Db, Tx } from '../../db.ts'
import { countChanges, countLabels, type LabelChange } from './label-counts.ts'
import { findInParts, inChunks } from '../../in-chunks.ts'
import type { Label } from '../../schema/tables.ts'
import { inScope, type ConnectionKey, type TenantScope } from '../../scope.ts'

/** `OPEN` is the condition for labels that wait for a manifest; its text has to equal the condition of their index. */
export const OPEN = sql<boolean>`status = 'completed' and manifest_id is null`

/**
 * Counts the open shipments of a connection, which are labels that are completed, not voided and in no manifest, and returns their earliest ship date.
 * The time that this takes does not grow with the number of labels. In a transaction that has locked the connection, the answer stays true until the transaction ends.
 */
export async function openShipments(
  db: Db,
  key: ConnectionKey,
): Promise<{ count: number; oldestShipDate: string | null }> {
  const count = await countLabels(db, key, { carrierId: key.carrierId, isOpen: true })
  if (count === 0) return { count, oldestShipDate: null }
  const oldest = await db
    .selectFrom('label')
    .select('ship_date')
    .where((eb) => eb.and({ ...inScope(key), carrier_id: key.carrierId }))
    .where(OPEN)
    .orderBy('ship_date')
    .limit(1)
    .executeTakeFirst()
  return { count, oldestShipDate: oldest?.ship_date ?? null }
}

/** Finds the label with this id; the id of another tenant's label finds nothing, like a missing id. */
export async function findLabel(db: Db, scope: TenantScope, labelId: string): Promise<Label | undefined> {
  return (await findLabels(db, scope, [labelId]))[0]
}

/** Finds the newest label of a shipment by the sender's own shipment id; a voided or failed label is returned only where there is no other. */
export async function findShipped(db: Db, scope: TenantScope, shipment: string): Promise<Label | undefined> {
  const newest = db
    .selectFrom('label')
    .selectAll()
    .where((eb) => eb.and({ ...inScope(scope), external_shipment_id: shipment }))
    .orderBy('created_at', 'desc')
    .orderBy('label_id', 'desc')
    .limit(1)
  const standing = await newest.where('status', 'in', ['processing', 'completed']).executeTakeFirst()
  return standing ?? newest.executeTakeFirst()
}

/** Finds those of the given labels that exist. */
export const findLabels = (db: Db, scope: TenantScope, labelIds: readonly string[]): Promise<Label[]> =>
  lookUp(db, scope, 'label_id', labelIds)

/** Finds the labels of all connections with these tracking numbers, newest first; a number can find several labels, because carriers use their numbers again. */
export async function findTracked(db: Db, scope: TenantScope, numbers: readonly string[]): Promise<Label[]> {
  return (await lookUp(db, scope, 'tracking_number', numbers)).sort(newestFirst)
}

function newestFirst(a: Label, b: Label): number {
  if (a.created_at !== b.created_at) return a.created_at < b.created_at ? 1 : -1
  return a.label_id < b.label_id ? 1 : -1
}

const lookUp = (
  db: Db,
  scope: TenantScope,
  column: 'label_id' | 'tracking_number',
  texts: readonly string[],
): Promise<Label[]> =>
  findInParts(texts, (part) =>
    db
      .selectFrom('label')
      .selectAll()
      .where((eb) => eb.and(inScope(scope)))
      .where(column, 'in', part)
      .execute(),
  )

const CHANGEABLE = [
  'status',
  'ship_date',
  'warehouse_id',
  'service_code',
  'external_shipment_id',
  'modified_at',
  'voided_at',
  'manifest_id',
] as const

/** Writes the manifest that each changed label names, and updates the counts of labels. */
export async function putInManifests(
  tx: Tx,
  { tenantId, environment }: TenantScope,
  changes: readonly LabelChange[],
): Promise<void> {
  const manifests = Map.groupBy(changes, ({ after }) => after.manifest_id)
  for (const [manifest_id, members] of manifests)
    for (const part of inChunks(members))
      await tx
        .updateTable('label')
        .set({ manifest_id, modified_at: part[0]?.after.modified_at ?? '' })
        .where((eb) => eb.and({ tenant_id: tenantId, environment }))
        .where(
          'label_id',
          'in',
          part.map(({ after }) => after.label_id),
        )
        .execute()
  await countChanges(tx, changes)
}

/** Changes existing labels, adds new ones, and updates the counts of labels. */
export async function writeLabels(tx: Tx, changes: readonly LabelChange[]): Promise<void> {
  const changed = changes.filter(({ before }) => before)
  const added = changes.filter(({ before }) => !before)
  // Existing labels change first, because a new label may reuse the tracking number of one that is settled by its change.
  for (const part of inChunks(changed))
    await tx
      .insertInto('label')
      .values(part.map(({ after }) => after))
      .onConflict((conflict) =>
        conflict
          .columns(['tenant_id', 'environment', 'label_id'])
          .doUpdateSet((eb) =>
            Object.fromEntries(CHANGEABLE.map((name) => [name, eb.ref(`excluded.${name}`)])),
          ),
      )
      .execute()
  for (const part of inChunks(added))
    await tx
      .insertInto('label')
      .values(part.map(({ after }) => after))
      .execute()
  await countChanges(tx, changes)
}
