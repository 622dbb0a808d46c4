import { recordEvent } from '../audit/record-event.ts'
import type { Actor, Body, Context } from '../context.ts'
import { fail, failAll, type Problem } from '../errors.ts'
import { lockConnection } from '../store/tables/connections/connections.ts'
import type { Tx } from '../store/db.ts'
import { findLabels, findTracked, putInManifests } from '../store/tables/shipments/labels.ts'
import {
  findManifests,
  insertManifests,
  listLabelsOfManifests,
  linkManifests,
} from '../store/tables/shipments/manifests.ts'
import type { Label, Manifest } from '../store/schema/tables.ts'
import { requireScope } from '../require-scope.ts'
import { newIds } from '../ids.ts'
import { isSettled } from './change-label.ts'
import { acceptManifest, manifestFields, type ManifestBody } from './manifest-form.ts'
import { listed, type ShownManifest } from './manifests.ts'
import { splitLabels } from './split-labels.ts'

/**
 * Records that labels were manifested, in as many manifests as warehouses, ship dates and the limit of 500 make of them: all of it or nothing.
 * Where the same labels are sent again under the same submission, the answer has the manifests that hold them, with the link of the later request where that has one.
 */
export async function importManifest(ctx: Context, actor: Actor, body: Body): Promise<ShownManifest[]> {
  requireScope(actor, 'write')
  const given = body('list').reveal()
  const wish = acceptManifest(given, ctx.clock())
  return ctx.store.transaction(actor.tenantId, async (tx) => {
    const { carrierId } = wish
    if (!(await lockConnection(tx, { ...actor, carrierId })))
      fail('connection_unknown', 'There is no carrier connection with this carrier_id.', {
        fieldName: 'carrier_id',
      })
    const named = await findNamed(tx, actor, wish)
    const again = await findRepeated(tx, actor, wish, named)
    if (again) return linkAgain(ctx, tx, actor, { wish, shown: again })
    const meant = named.map((labels) => labels.find((label) => !isSettled(label)) ?? labels[0])
    const problems = meant.flatMap((label, index) => problemOf(label, wish, index) ?? [])
    if (problems.length > 0) return failAll(problems.slice(0, MOST_TOLD))
    const made = make(
      ctx,
      actor,
      wish,
      meant.filter((label) => label !== undefined),
    )
    await insertManifests(
      tx,
      made.map(({ manifest }) => manifest),
    )
    await putInManifests(
      tx,
      actor,
      made.flatMap(({ changes }) => changes),
    )
    await recordEvent(ctx, tx, actor, {
      action: 'manifest.imported',
      carrierId,
      ...(made[0] ? { subject: made[0].manifest.manifest_id } : {}),
      fields: [wish.by, ...Object.keys(manifestFields).filter((name) => (given[name] ?? null) !== null)],
    })
    return made.map(({ manifest, changes }) => ({
      manifest,
      labelIds: changes.map(({ after }) => after.label_id).sort(),
    }))
  })
}

const MOST_TOLD = 100

/** Returns the labels that each name of the body may mean, newest first: those of the connection, or else those of other connections. */
async function findNamed(tx: Tx, actor: Actor, { by, labels, carrierId }: ManifestBody): Promise<Label[][]> {
  const isId = by === 'label_ids'
  const rows = isId ? await findLabels(tx, actor, labels) : await findTracked(tx, actor, labels)
  const found = Map.groupBy(rows, ({ label_id, tracking_number }) => (isId ? label_id : tracking_number))
  return labels.map((name) => {
    const all = found.get(name) ?? []
    const own = all.filter(({ carrier_id }) => carrier_id === carrierId)
    return own.length > 0 ? own : all
  })
}

/** Returns the manifests that hold these labels and no others, if they were recorded under the same submission. */
async function findRepeated(
  tx: Tx,
  actor: Actor,
  { carrierId, submissionId }: ManifestBody,
  named: readonly (readonly Label[])[],
): Promise<ShownManifest[] | undefined> {
  // Where the carrier gave no number, a label that is still open is the one that is meant.
  if (submissionId === null && named.flat().some((label) => !isSettled(label))) return undefined
  const ids = new Set(named.flat().flatMap(({ manifest_id }) => manifest_id ?? []))
  const submitted = (await findManifests(tx, actor, [...ids])).filter(
    ({ carrier_id, submission_id }) => carrier_id === carrierId && submission_id === submissionId,
  )
  const known = new Map(submitted.map((manifest) => [manifest.manifest_id, manifest]))
  const holding = named.map((labels) =>
    labels.map(({ manifest_id }) => known.get(manifest_id ?? '')).find((manifest) => manifest !== undefined),
  )
  const manifests = [...new Set(holding)].filter((manifest) => manifest !== undefined)
  const shipments = manifests.reduce((sum, manifest) => sum + manifest.shipments, 0)
  if (holding.includes(undefined) || shipments !== named.length) return undefined
  manifests.sort((a, b) => (a.manifest_id < b.manifest_id ? -1 : 1))
  const labels = await listLabelsOfManifests(
    tx,
    actor,
    manifests.map(({ manifest_id }) => manifest_id),
  )
  return listed(manifests, labels)
}

/** Writes a new link to the document in place of the one before, since the document may come later than its manifest. */
async function linkAgain(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { wish, shown }: { wish: ManifestBody; shown: ShownManifest[] },
): Promise<ShownManifest[]> {
  const { carrierId, download } = wish
  const [first] = shown
  if (!first || download === null || shown.every(({ manifest }) => manifest.download === download))
    return shown
  const ids = shown.map(({ manifest }) => manifest.manifest_id)
  await linkManifests(tx, actor, ids, download)
  await recordEvent(ctx, tx, actor, {
    action: 'manifest.linked',
    carrierId,
    subject: first.manifest.manifest_id,
    fields: ['manifest_download'],
  })
  return shown.map(({ manifest, labelIds }) => ({ manifest: { ...manifest, download }, labelIds }))
}

function problemOf(
  label: Label | undefined,
  { by, carrierId }: ManifestBody,
  index: number,
): Problem | undefined {
  const fieldName = `${by}[${index}]`
  const wrong = (condition: Problem['condition'], why: string): Problem => ({
    condition,
    message: `${fieldName} ${why}.`,
    fieldName,
  })
  if (!label) return wrong('label_unknown', 'stands for no recorded label')
  const { carrier_id, manifest_id, status } = label
  if (carrier_id !== carrierId)
    return wrong('label_of_other_carrier', 'is a label of another carrier connection')
  if (manifest_id !== null)
    return wrong('label_settled', `is in the recorded manifest ${manifest_id} already`)
  if (status === 'voided') return wrong('label_settled', 'is a voided label, which no manifest takes')
  return status === 'completed' ? undefined : wrong('label_settled', 'is a label that is not completed')
}

function make(ctx: Context, { tenantId, environment }: Actor, wish: ManifestBody, labels: readonly Label[]) {
  const at = ctx.clock()
  const parts = splitLabels(labels)
  const ids = newIds(at, parts.length)
  return parts.map((part, index) => {
    const manifest: Manifest = {
      tenant_id: tenantId,
      environment,
      manifest_id: ids[index] ?? '',
      carrier_id: wish.carrierId,
      warehouse_id: part[0]?.warehouse_id ?? null,
      ship_date: part[0]?.ship_date ?? '',
      shipments: part.length,
      submission_id: wish.submissionId,
      download: wish.download,
      created_at: wish.manifestedAt,
      recorded_at: at.toISOString(),
    }
    const change = { manifest_id: manifest.manifest_id, modified_at: manifest.recorded_at }
    return { manifest, changes: part.map((before) => ({ before, after: { ...before, ...change } })) }
  })
}
