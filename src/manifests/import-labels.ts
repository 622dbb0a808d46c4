import { recordEvent } from '../audit/record-event.ts'
import type { Actor, Body, Context } from '../context.ts'
import { fieldProblems, type Problem } from '../errors.ts'
import { lockConnections, type LockedConnection } from '../store/tables/connections/connections.ts'
import type { Tx } from '../store/db.ts'
import type { LabelChange } from '../store/tables/shipments/label-counts.ts'
import { findLabels, findTracked, writeLabels } from '../store/tables/shipments/labels.ts'
import type { Label } from '../store/schema/tables.ts'
import { requireScope } from '../require-scope.ts'
import { findMeant } from './find-meant.ts'
import { newIds } from '../ids.ts'
import { changeLabel, isSettled } from './change-label.ts'
import { acceptLabels, labelFields, nameEntry, repeatedIn, type LabelEntry } from './label-form.ts'

/** Describes the result of one entry, with the id of its label where there is one. */
export type LabelResult = {
  outcome: 'imported' | 'updated' | 'unchanged' | 'refused'
  labelId: string | null
  problems: readonly Problem[]
}

type AcceptedEntry = Exclude<LabelEntry, { problems: unknown }> & { index: number }
type PlannedLabel = LabelResult & { change?: LabelChange }

/** One transaction writes at most this many entries, so that other requests can write in between. */
const MOST_TOGETHER = 20

/**
 * Records labels. An entry that is sent again changes nothing. A label that was voided, has failed or is in a manifest is settled: an entry with the tracking number of a settled label makes another label, unless `findMeant` finds that the entry means the settled one.
 * The entries of a connection are decided in their order, each for itself. Every 20 entries are written in one transaction, with one audit event for each connection; a caller who gets no answer sends all entries again.
 * Where a connection is deleted meanwhile, no label is recorded for it.
 */
export async function importLabels(ctx: Context, actor: Actor, body: Body): Promise<LabelResult[]> {
  requireScope(actor, 'write')
  const entries = acceptLabels(body('list').reveal())
  const results = entries.map(refusedEntry)
  const accepted = entries
    .flatMap((entry, index) => ('said' in entry ? [{ ...entry, index }] : []))
    // The entries are sorted by connection, so that the audit log has no more events than it needs.
    .sort((a, b) => (a.carrierId === b.carrierId ? a.index - b.index : a.carrierId < b.carrierId ? -1 : 1))
  // Listings follow times and ids: labels of one request stand there in the order of its body.
  const at = ctx.clock()
  const ids = newIds(at, entries.length)
  const birthOf = ({ index }: AcceptedEntry): Birth => ({ at: at.toISOString(), newId: ids[index] ?? '' })
  const met = new Set<string>()
  for (let start = 0; start < accepted.length; start += MOST_TOGETHER) {
    const part = accepted.slice(start, start + MOST_TOGETHER)
    for (const { index, ...result } of await importPart(ctx, actor, part, { met, birthOf })) {
      results[index] = result
      if (result.labelId !== null) met.add(result.labelId)
    }
  }
  return results
}

function importPart(
  ctx: Context,
  actor: Actor,
  entries: readonly AcceptedEntry[],
  { met, birthOf }: { met: ReadonlySet<string>; birthOf: (entry: AcceptedEntry) => Birth },
): Promise<(LabelResult & { index: number })[]> {
  return ctx.store.transaction(actor.tenantId, async (tx) => {
    const known = await look(tx, actor, entries, met)
    const planned = entries.map((entry) => {
      const one = planLabel(actor, entry, known, birthOf(entry))
      note(known, one)
      return { ...one, entry }
    })
    const changed = planned.filter(({ change }) => change !== undefined)
    await writeLabels(
      tx,
      changed.flatMap(({ change }) => change ?? []),
    )
    const byConnection = Map.groupBy(changed, ({ entry }) => entry.carrierId)
    for (const carrierId of [...byConnection.keys()].sort()) {
      const given = new Set(byConnection.get(carrierId)?.flatMap(({ entry }) => entry.given))
      const fields = Object.keys(labelFields).filter((name) => given.has(name))
      await recordEvent(ctx, tx, actor, { action: 'label.imported', carrierId, fields })
    }
    return planned.map(({ entry: { index }, outcome, labelId, problems }) => ({
      index,
      outcome,
      labelId,
      problems,
    }))
  })
}

type KnownLabels = {
  connections: Map<string, LockedConnection>
  /** `tracked` holds labels by connection and tracking number, newest first. */
  tracked: Map<string, Label[]>
  named: Map<string, Label>
  /** `met` holds the ids of the labels of earlier entries, which no other entry may mean. */
  met: Set<string>
}

const place = (carrierId: string, trackingNumber: string) => `${carrierId} ${trackingNumber}`

/** Locks the connections, so that none of them is deleted from then on, and then reads the labels that the entries may mean. */
async function look(
  tx: Tx,
  actor: Actor,
  entries: readonly AcceptedEntry[],
  met: ReadonlySet<string>,
): Promise<KnownLabels> {
  const carrierIds = [...new Set(entries.map(({ carrierId }) => carrierId))]
  const connections = await lockConnections(tx, actor, carrierIds)
  const tracked = await findTracked(tx, actor, [...new Set(entries.map((entry) => entry.trackingNumber))])
  const named = await findLabels(
    tx,
    actor,
    entries.flatMap(({ labelId }) => labelId ?? []),
  )
  return {
    connections: new Map(connections.map((connection) => [connection.carrier_id, connection])),
    tracked: Map.groupBy(tracked, (label) => place(label.carrier_id, label.tracking_number)),
    named: new Map(named.map((label) => [label.label_id, label])),
    met: new Set(met),
  }
}

/** Notes the changed label of an entry, so that the next entry finds the label as changed. */
function note({ tracked, met }: KnownLabels, { labelId, change }: PlannedLabel): void {
  if (labelId !== null) met.add(labelId)
  if (!change) return
  const { after } = change
  const at = place(after.carrier_id, after.tracking_number)
  const others = (tracked.get(at) ?? []).filter(({ label_id }) => label_id !== after.label_id)
  tracked.set(at, [after, ...others])
}

type Birth = { at: string; newId: string }

function planLabel(
  actor: Actor,
  entry: AcceptedEntry,
  { connections, tracked, named, met }: KnownLabels,
  birth: Birth,
): PlannedLabel {
  const { labelId, carrierId, trackingNumber, said, index } = entry
  const connection = connections.get(carrierId)
  if (!connection)
    return refused({ problems: [{ ...UNCONNECTED, fieldName: nameEntry({ index, field: 'carrier_id' }) }] })
  const label = findMeant(tracked.get(place(carrierId, trackingNumber)) ?? [], entry)
  if (label && met.has(label.label_id))
    return refused({ problems: fieldProblems([repeatedIn(index, 'tracking_number')]) })
  const isTaken = labelId !== undefined && (label ? label.label_id !== labelId : named.has(labelId))
  if (isTaken) {
    const problem = { ...TAKEN, fieldName: nameEntry({ index, field: 'label_id' }) }
    return refused({ problems: [problem], label })
  }
  if (!label) {
    const after = newLabel(actor, entry, connection.carrier, birth)
    return { outcome: 'imported', labelId: after.label_id, problems: [], change: { after } }
  }
  const after = changeLabel(label, said, birth.at)
  if ('condition' in after) {
    const message = isSettled(label) ? `${after.message} ${TOLD_APART}` : after.message
    const fieldName = nameEntry({ index, field: after.fieldName })
    return refused({ problems: [{ ...after, message, fieldName }], label })
  }
  const { label_id } = label
  if (after === label) return { outcome: 'unchanged', labelId: label_id, problems: [] }
  return { outcome: 'updated', labelId: label_id, problems: [], change: { before: label, after } }
}

function newLabel(
  { tenantId, environment }: Actor,
  { labelId, carrierId, trackingNumber, said }: AcceptedEntry,
  carrier: string,
  { at, newId }: Birth,
): Label {
  const { status = 'completed', ship_date = '', ...rest } = said
  return {
    tenant_id: tenantId,
    environment,
    label_id: labelId ?? newId,
    carrier_id: carrierId,
    carrier,
    tracking_number: trackingNumber,
    warehouse_id: null,
    service_code: null,
    external_shipment_id: null,
    ...rest,
    status,
    ship_date,
    created_at: at,
    modified_at: at,
    voided_at: status === 'voided' ? at : null,
    manifest_id: null,
  }
}

const refused = ({
  problems,
  label,
}: {
  problems: readonly Problem[]
  label?: Label | undefined
}): PlannedLabel => ({
  outcome: 'refused',
  labelId: label?.label_id ?? null,
  problems,
})

const refusedEntry = (entry: LabelEntry): LabelResult => ({
  outcome: 'refused',
  labelId: null,
  problems: 'problems' in entry ? fieldProblems(entry.problems) : [],
})

const UNCONNECTED: Problem = {
  condition: 'connection_unknown',
  message: 'There is no carrier connection with this carrier_id.',
}
const TAKEN: Problem = {
  condition: 'label_id_taken',
  message: 'The label_id stands for another label, or the label is recorded under another label_id.',
}
const TOLD_APART =
  'Another label of this tracking number has another ship_date or external_shipment_id, or says a label_id of its own.'
