import type { Scope } from './connections.ts'
import type { Db, Tx } from './db.ts'
import { findInParts, inParts } from './parts.ts'
import type { Manifest } from './schema.ts'

const inScope = ({ tenantId, environment }: Scope) => ({ tenant_id: tenantId, environment })

/** Adds manifests; who adds them puts their labels in. */
export async function insertManifests(tx: Tx, manifests: readonly Manifest[]): Promise<void> {
  for (const part of inParts(manifests)) await tx.insertInto('manifest').values(part).execute()
}

/** Says where the document of these manifests is. */
export async function linkManifests(
  tx: Tx,
  scope: Scope,
  manifestIds: readonly string[],
  download: string,
): Promise<void> {
  for (const part of inParts(manifestIds))
    await tx
      .updateTable('manifest')
      .set({ download })
      .where((eb) => eb.and(inScope(scope)))
      .where('manifest_id', 'in', part)
      .execute()
}

/** Those of these manifests that are there. */
export const findManifests = (db: Db, scope: Scope, manifestIds: readonly string[]): Promise<Manifest[]> =>
  findInParts(manifestIds, (part) =>
    db
      .selectFrom('manifest')
      .selectAll()
      .where((eb) => eb.and(inScope(scope)))
      .where('manifest_id', 'in', part)
      .execute(),
  )

/** The ids of the labels in each of these manifests, in order. */
export async function labelsIn(
  db: Db,
  scope: Scope,
  manifestIds: readonly string[],
): Promise<Map<string, string[]>> {
  const labels = new Map<string, string[]>(manifestIds.map((id) => [id, []]))
  const rows = await findInParts(manifestIds, (part) =>
    db
      .selectFrom('label')
      .select(['manifest_id', 'label_id'])
      .where((eb) => eb.and(inScope(scope)))
      .where('manifest_id', 'in', part)
      .orderBy('manifest_id')
      .orderBy('label_id')
      .execute(),
  )
  for (const { manifest_id, label_id } of rows) labels.get(manifest_id ?? '')?.push(label_id)
  return labels
}

/** Which manifests; times and days are the first and the last that count. */
export type ManifestFilter = {
  warehouseId?: string
  carrierId?: string
  labelIds?: readonly string[]
  shipDateFrom?: string
  shipDateTo?: string
  createdFrom?: string
  createdTo?: string
}

/** One page of manifests, newest first, and how many there are. */
export async function searchManifests(
  db: Db,
  scope: Scope,
  filter: ManifestFilter,
  page: { limit: number; offset: number },
): Promise<{ rows: Manifest[]; total: number }> {
  const { warehouseId, carrierId, labelIds, shipDateFrom, shipDateTo, createdFrom, createdTo } = filter
  const holding = db
    .selectFrom('label')
    .select('manifest_id')
    .where((eb) => eb.and(inScope(scope)))
    .where('label_id', 'in', labelIds ?? [])
    .where('manifest_id', 'is not', null)
  const matching = db
    .selectFrom('manifest')
    .where((eb) => eb.and(inScope(scope)))
    .$if(warehouseId !== undefined, (query) => query.where('warehouse_id', '=', warehouseId ?? ''))
    .$if(carrierId !== undefined, (query) => query.where('carrier_id', '=', carrierId ?? ''))
    .$if(labelIds !== undefined, (query) => query.where('manifest_id', 'in', holding))
    .$if(shipDateFrom !== undefined, (query) => query.where('ship_date', '>=', shipDateFrom ?? ''))
    .$if(shipDateTo !== undefined, (query) => query.where('ship_date', '<=', shipDateTo ?? ''))
    .$if(createdFrom !== undefined, (query) => query.where('created_at', '>=', createdFrom ?? ''))
    .$if(createdTo !== undefined, (query) => query.where('created_at', '<=', createdTo ?? ''))
  const { total } = await matching
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  const rows = await matching
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('manifest_id', 'desc')
    .limit(page.limit)
    .offset(page.offset)
    .execute()
  return { rows, total }
}
