import type { Actor, Context } from '../context.ts'
import { fail } from '../errors.ts'
import {
  findManifests,
  listLabelsOfManifests,
  searchManifests,
  type ManifestFilter,
} from '../store/tables/shipments/manifests.ts'
import type { Manifest } from '../store/schema/tables.ts'
import { requireScope } from '../require-scope.ts'

export type { ManifestFilter }

/** Describes a manifest with the ids of its labels. */
export type ShownManifest = { manifest: Manifest; labelIds: string[] }
export type ManifestPage = { manifests: ShownManifest[]; total: number; page: number; pages: number }

/** Returns one page of the actor’s manifests, newest first; there is always at least one page, which may be empty. */
export async function listManifests(
  { store }: Context,
  actor: Actor,
  filter: ManifestFilter,
  { page, size }: { page: number; size: number },
): Promise<ManifestPage> {
  requireScope(actor, 'read')
  return store.read(actor.tenantId, async (db) => {
    const limits = { limit: size, offset: (page - 1) * size }
    const { rows, total } = await searchManifests(db, actor, filter, limits)
    const labels = await listLabelsOfManifests(
      db,
      actor,
      rows.map(({ manifest_id }) => manifest_id),
    )
    return { manifests: listed(rows, labels), total, page, pages: Math.max(1, Math.ceil(total / size)) }
  })
}

/** Returns the actor’s manifest with this id; refuses any other with 404. */
export async function getManifest(
  { store }: Context,
  actor: Actor,
  manifestId: string,
): Promise<ShownManifest> {
  requireScope(actor, 'read')
  return store.read(actor.tenantId, async (db) => {
    const manifests = await findManifests(db, actor, [manifestId])
    const [shown] = listed(manifests, await listLabelsOfManifests(db, actor, [manifestId]))
    return (
      shown ?? fail('manifest_unknown', 'There is no manifest with this id.', { fieldName: 'manifest_id' })
    )
  })
}

/** Returns manifests with the ids of their labels, in the order of the manifests. */
export const listed = (
  manifests: readonly Manifest[],
  labels: ReadonlyMap<string, string[]>,
): ShownManifest[] =>
  manifests.map((manifest) => ({ manifest, labelIds: labels.get(manifest.manifest_id) ?? [] }))

/** Refuses to make a manifest at a carrier, and says where to record one. */
export function refuseManifest(): never {
  return fail(
    'not_done_here',
    'Hawser makes no manifests at carriers. Make it where the labels were bought, and record it with POST /v1/manifests/import.',
  )
}
