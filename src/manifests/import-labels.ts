import { recordEvent } from '../audit/record-event.ts'
import type { Actor, Body, Context } from '../context.ts'
import { fieldProblems, type Problem } from '../errors.ts'
import { lockConnections, type LockedConnection } from '../store/connections.ts'
import type { Tx } from '../store/db.ts'
import type { LabelChange } from '../store/label-counts.ts'
import { findLabels, findTracked, writeLabels } from '../store/labels.ts'
import type { Label } from '../store/schema.ts'
import { newIds } from './ids.ts'
import { changeLabel } from './judge-label.ts'
import { acceptLabels, labelFields, placeOf, type Entry } from './label-form.ts'

/** What became of one entry; the id of its label where there is one. */
export type Result = {
  outcome: 'imported' | 'updated' | 'unchanged' | 'refused'
  labelId: string | null
  problems: readonly Problem[]
}

type Wish = Exclude<Entry, { problems: unknown }>
type Judged = Result & { change?: LabelChange }

/**
 * Records labels, told apart by connection and tracking number: what is said again changes nothing.
 * An entry that is refused keeps no other from going in; those that go in are one transaction, with one audit event for each connection.
 * No label comes under a connection that is deleted meanwhile.
 */
export async function importLabels(ctx: Context, actor: Actor, body: Body): Promise<Result[]> {
  const entries = acceptLabels(body('list').reveal())
  const wishes = entries.filter((entry) => 'said' in entry)
  if (wishes.length === 0) return entries.map(refusedEntry)
  return ctx.store.transaction(actor.tenantId, async (tx) => {
    const known = await look(tx, actor, wishes)
    const at = ctx.clock()
    const ids = newIds(at, entries.length)
    const judged = entries.map((entry, index) =>
      'said' in entry
        ? judge(actor, entry, index, known, ids[index] ?? '', at.toISOString())
        : refusedEntry(entry),
    )
    const changes = judged.flatMap(({ change }) => change ?? [])
    await writeLabels(tx, changes)
    for (const carrierId of [...new Set(changes.map(({ after }) => after.carrier_id))].sort()) {
      const isChanged = (entry: Entry, index: number): entry is Wish =>
        'said' in entry && entry.carrierId === carrierId && judged[index]?.change !== undefined
      const given = new Set(entries.filter(isChanged).flatMap((entry) => entry.given))
      const fields = Object.keys(labelFields).filter((name) => given.has(name))
      await recordEvent(ctx, tx, actor, { action: 'label.imported', carrierId, fields })
    }
    return judged.map(({ outcome, labelId, problems }) => ({ outcome, labelId, problems }))
  })
}

type Known = {
  connections: Map<string, LockedConnection>
  tracked: Map<string, Label>
  named: Map<string, Label>
}

const place = (carrierId: string, trackingNumber: string) => `${carrierId} ${trackingNumber}`

/** The connections first: from then on none of them goes. */
async function look(tx: Tx, actor: Actor, wishes: readonly Wish[]): Promise<Known> {
  const carrierIds = [...new Set(wishes.map(({ carrierId }) => carrierId))]
  const connections = await lockConnections(tx, actor, carrierIds)
  const tracked = await findTracked(tx, actor, [...new Set(wishes.map((wish) => wish.trackingNumber))])
  const named = await findLabels(
    tx,
    actor,
    wishes.flatMap(({ labelId }) => labelId ?? []),
  )
  return {
    connections: new Map(connections.map((connection) => [connection.carrier_id, connection])),
    tracked: new Map(tracked.map((label) => [place(label.carrier_id, label.tracking_number), label])),
    named: new Map(named.map((label) => [label.label_id, label])),
  }
}

function judge(
  { tenantId, environment }: Actor,
  { labelId, carrierId, trackingNumber, said }: Wish,
  index: number,
  { connections, tracked, named }: Known,
  newId: string,
  at: string,
): Judged {
  const connection = connections.get(carrierId)
  if (!connection) return refused({ ...UNCONNECTED, fieldName: placeOf(index, 'carrier_id') })
  const label = tracked.get(place(carrierId, trackingNumber))
  const isTaken = labelId !== undefined && (label ? label.label_id !== labelId : named.has(labelId))
  if (isTaken) return refused({ ...TAKEN, fieldName: placeOf(index, 'label_id') }, label)
  if (label) {
    const after = changeLabel(label, said, at)
    if ('condition' in after) return refused({ ...after, fieldName: placeOf(index, after.fieldName) }, label)
    const { label_id } = label
    if (after === label) return { outcome: 'unchanged', labelId: label_id, problems: [] }
    return { outcome: 'updated', labelId: label_id, problems: [], change: { before: label, after } }
  }
  const { status = 'completed', ship_date = '', ...rest } = said
  const after: Label = {
    ...{ tenant_id: tenantId, environment, label_id: labelId ?? newId },
    ...{ carrier_id: carrierId, carrier: connection.carrier, tracking_number: trackingNumber },
    ...{ warehouse_id: null, service_code: null, external_shipment_id: null, ...rest },
    ...{ status, ship_date, created_at: at, modified_at: at },
    ...{ voided_at: status === 'voided' ? at : null, manifest_id: null },
  }
  return { outcome: 'imported', labelId: after.label_id, problems: [], change: { after } }
}

const refused = (problem: Problem, label?: Label): Judged => ({
  outcome: 'refused',
  labelId: label?.label_id ?? null,
  problems: [problem],
})

const refusedEntry = (entry: Entry): Judged => ({
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
