import type { ExpressionBuilder } from 'kysely'
import type { Db, Tx } from '../../db.ts'
import { findPage, PART, type Span } from '../../pages.ts'
import { findInParts, inParts } from '../../in-chunks.ts'
import type { Manifest, Schema } from '../../schema/tables.ts'
import { inScope, type Scope } from '../../scope.ts'

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
  for (const part of inParts(manifestIds)) {
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

/** The first labels of these manifests, or those of one that come after one of its labels. */
function readLabels(db: Db, scope: Scope, from: readonly string[] | InManifest): Promise<InManifest[]> {
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
  const inOrder = ({ after, last }: Span<Place>) =>
    db
      .selectFrom('manifest')
      .where((eb) => eb.and(inScope(scope)))
      .$if(warehouseId !== undefined, (query) => query.where('warehouse_id', '=', warehouseId ?? ''))
      .$if(carrierId !== undefined, (query) => query.where('carrier_id', '=', carrierId ?? ''))
      .$if(createdFrom !== undefined, (query) => query.where('created_at', '>=', createdFrom ?? ''))
      .$if(createdTo !== undefined, (query) => query.where('created_at', '<=', createdTo ?? ''))
      .$if(after !== undefined, (query) => query.where((eb) => eb(placeOf(eb), '<', tupleOf(eb, after))))
      .$if(last !== undefined, (query) => query.where((eb) => eb(placeOf(eb), '>=', tupleOf(eb, last))))
  const matching = (span: Span<Place>) =>
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
type InManifests = ExpressionBuilder<Schema, 'manifest'>

const placeOf = (eb: InManifests) => eb.refTuple('created_at', 'manifest_id')
const tupleOf = (eb: InManifests, place: Place | undefined) =>
  eb.tuple(place?.created_at ?? '', place?.manifest_id ?? '')
