import type { Db, Tx } from '../../db.ts'
import { inSpan } from '../../in-span.ts'
import { findPage, PART, type PageSpan } from '../../pages.ts'
import { findInParts, inChunks } from '../../in-chunks.ts'
import type { Manifest } from '../../schema/tables.ts'
import { inScope, type TenantScope } from '../../scope.ts'

/** Adds manifests without their labels, which the caller puts into them. */
export async function insertManifests(tx: Tx, manifests: readonly Manifest[]): Promise<void> {
  for (const part of inChunks(manifests)) await tx.insertInto('manifest').values(part).execute()
}

/** Writes the address at which the document of these manifests can be downloaded. */
export async function linkManifests(
  tx: Tx,
  scope: TenantScope,
  manifestIds: readonly string[],
  download: string,
): Promise<void> {
  for (const part of inChunks(manifestIds))
    await tx
      .updateTable('manifest')
      .set({ download })
      .where((eb) => eb.and(inScope(scope)))
      .where('manifest_id', 'in', part)
      .execute()
}

/** Finds those of the given manifests that exist. */
export const findManifests = (
  db: Db,
  scope: TenantScope,
  manifestIds: readonly string[],
): Promise<Manifest[]> =>
  findInParts(manifestIds, (part) =>
    db
      .selectFrom('manifest')
      .selectAll()
      .where((eb) => eb.and(inScope(scope)))
      .where('manifest_id', 'in', part)
      .execute(),
  )

/** Returns for each of these manifests the ids of its labels, in order. */
export async function listLabelsOfManifests(
  db: Db,
  scope: TenantScope,
  manifestIds: readonly string[],
): Promise<Map<string, string[]>> {
  const labels = new Map<string, string[]>(manifestIds.map((id) => [id, []]))
  for (const part of inChunks(manifestIds)) {
    let left = part
    let within: InManifest | undefined
    while (within || left.length > 0) {
      const rows = await readLabels(db, scope, within ?? left)
      for (const { manifest_id, label_id } of rows) labels.get(manifest_id)?.push(label_id)
      const isWhole = rows.length < PART
      if (isWhole && !within) break
      const seen = new Set(rows.map(({ manifest_id }) => manifest_id))
      left = left.filter((id) => !seen.has(id))
      within = isWhole ? undefined : rows.at(-1)
    }
  }
  return labels
}

type InManifest = { manifest_id: string; label_id: string }

/** Reads at most `PART` labels: the first of these manifests, or those of one manifest that come after one of its labels. */
function readLabels(db: Db, scope: TenantScope, from: readonly string[] | InManifest): Promise<InManifest[]> {
  return db
    .selectFrom('label')
    .select(['manifest_id', 'label_id'])
    .where((eb) => eb.and(inScope(scope)))
    .where((eb) =>
      'label_id' in from
        ? eb.and([eb('manifest_id', '=', from.manifest_id), eb('label_id', '>', from.label_id)])
        : eb('manifest_id', 'in', from),
    )
    .orderBy('manifest_id')
    .orderBy('label_id')
    .limit(PART)
    .$narrowType<InManifest>()
    .execute()
}

/** A manifest filter says which manifests to list; its times and days are the first and the last that count. */
export type ManifestFilter = {
  warehouseId?: string
  carrierId?: string
  labelIds?: readonly string[]
  shipDateFrom?: string
  shipDateTo?: string
  createdFrom?: string
  createdTo?: string
}

/** Returns one page of manifests, newest first, and their number. */
export async function searchManifests(
  db: Db,
  scope: TenantScope,
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
  const inOrder = (span: PageSpan<Place>) =>
    db
      .selectFrom('manifest')
      .where((eb) => eb.and(inScope(scope)))
      .$if(warehouseId !== undefined, (query) => query.where('warehouse_id', '=', warehouseId ?? ''))
      .$if(carrierId !== undefined, (query) => query.where('carrier_id', '=', carrierId ?? ''))
      .$if(createdFrom !== undefined, (query) => query.where('created_at', '>=', createdFrom ?? ''))
      .$if(createdTo !== undefined, (query) => query.where('created_at', '<=', createdTo ?? ''))
      .where(inSpan(PLACE, span, 'descending'))
  const matching = (span: PageSpan<Place>) =>
    inOrder(span)
      .$if(labelIds !== undefined, (query) => query.where('manifest_id', 'in', holding))
      .$if(shipDateFrom !== undefined, (query) => query.where('ship_date', '>=', shipDateFrom ?? ''))
      .$if(shipDateTo !== undefined, (query) => query.where('ship_date', '<=', shipDateTo ?? ''))
  return findPage<Manifest, Place>(page, {
    boundary: (after) =>
      inOrder({ after })
        .select(['created_at', 'manifest_id'])
        .orderBy('created_at', 'desc')
        .orderBy('manifest_id', 'desc')
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
        .selectAll()
        .orderBy('created_at', 'desc')
        .orderBy('manifest_id', 'desc')
        .limit(limit)
        .offset(offset)
        .execute(),
  })
}

type Place = Pick<Manifest, 'created_at' | 'manifest_id'>
const PLACE = ['created_at', 'manifest_id'] as const
