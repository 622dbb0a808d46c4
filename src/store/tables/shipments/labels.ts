import { sql } from 'kysely'
import type { Db, Tx } from '../../db.ts'
import { countChanges, countLabels, type LabelChange } from './label-counts.ts'
import { findInParts, inParts } from '../../in-chunks.ts'
import type { Label } from '../../schema/tables.ts'
import { inScope, type ConnectionKey, type Scope } from '../../scope.ts'

/** Labels that wait for a manifest, as the index of them says it, to the letter. */
export const OPEN = sql<boolean>`status = 'completed' and manifest_id is null`

/**
 * The labels of a connection that are completed, not voided and in no manifest: how many, and the earliest ship date.
 * Takes no longer the more labels there are. In a transaction that holds the connection it stays true until that ends.
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

/** The label with this id; a foreign id finds nothing, like an absent one. */
export async function findLabel(db: Db, scope: Scope, labelId: string): Promise<Label | undefined> {
  return (await findLabels(db, scope, [labelId]))[0]
}

/** The newest label of a shipment as its sender names it, before any that is voided or has failed; `undefined` where there is none. */
export async function findShipped(db: Db, scope: Scope, shipment: string): Promise<Label | undefined> {
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

/** Those of these labels that are there. */
export const findLabels = (db: Db, scope: Scope, labelIds: readonly string[]): Promise<Label[]> =>
  lookUp(db, scope, 'label_id', labelIds)

/** The labels with these tracking numbers, of whatever connection, newest first: carriers use their numbers again. */
export async function findTracked(db: Db, scope: Scope, numbers: readonly string[]): Promise<Label[]> {
  return (await lookUp(db, scope, 'tracking_number', numbers)).sort(newestFirst)
}

function newestFirst(a: Label, b: Label): number {
  if (a.created_at !== b.created_at) return a.created_at < b.created_at ? 1 : -1
  return a.label_id < b.label_id ? 1 : -1
}

const lookUp = (
  db: Db,
  scope: Scope,
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
  ...(['status', 'ship_date', 'warehouse_id', 'service_code', 'external_shipment_id'] as const),
  ...(['modified_at', 'voided_at', 'manifest_id'] as const),
] as const

/** Puts labels in the manifest that stands in them; the counts go with them. */
export async function putInManifests(
  tx: Tx,
  { tenantId, environment }: Scope,
  changes: readonly LabelChange[],
): Promise<void> {
  const manifests = Map.groupBy(changes, ({ after }) => after.manifest_id)
  for (const [manifest_id, members] of manifests)
    for (const part of inParts(members))
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

/** Changes labels and adds those that are new; the counts go with them. */
export async function writeLabels(tx: Tx, changes: readonly LabelChange[]): Promise<void> {
  const [changed, added] = [changes.filter(({ before }) => before), changes.filter(({ before }) => !before)]
  // Those that settle come first: a new label may stand for the number of one.
  for (const part of inParts(changed))
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
  for (const part of inParts(added))
    await tx
      .insertInto('label')
      .values(part.map(({ after }) => after))
      .execute()
  await countChanges(tx, changes)
}
